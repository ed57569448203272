import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { bundleToJSON, toDSSEBundle } from '@sigstore/bundle'
import { dsse } from '@sigstore/core'
import { SIGNATURE_ENTRY } from '../core/bundle/manifest.ts'
import { makeStatement, STATEMENT_MEDIA_TYPE, type NamedDigest } from '../core/bundle/statement.ts'
import { UserError } from '../core/errors.ts'
import { fingerprintOf, hashFor, rootDigest } from '../files/signature.ts'
import type { UnlockedKeyStore } from './unlocked-key-store.ts'

/** The right to sign bundles: an EC private key on P-256 or P-384. */
export class Signer {
  readonly #key: KeyObject
  readonly publicKey: KeyObject

  private constructor(key: KeyObject) {
    this.#key = key
    this.publicKey = createPublicKey(key)
    hashFor(this.publicKey)
  }

  static generate(): Signer {
    return new Signer(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  }

  /** @throws UserError bad-signing-key, bad-public-key */
  static load(pem: string | Uint8Array): Signer {
    let key: KeyObject
    try {
      key = createPrivateKey(Buffer.from(pem))
    } catch (cause) {
      throw new UserError('bad-signing-key', 'The signing key is not a PEM private key.', { cause })
    }
    return new Signer(key)
  }

  get publicPem(): string {
    return this.publicKey.export({ type: 'spki', format: 'pem' }) as string
  }

  get curve(): 'P-256' | 'P-384' {
    return hashFor(this.publicKey) === 'sha256' ? 'P-256' : 'P-384'
  }

  /** SubjectPublicKeyInfo in base64. */
  get publicDer(): string {
    return this.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  }

  /** PKCS#8 PEM; it goes into an age file and nowhere else. */
  get privatePem(): string {
    return this.#key.export({ type: 'pkcs8', format: 'pem' }) as string
  }

  /** A signature in DER and base64 over bytes that say what they are for. */
  signBytes(bytes: Uint8Array): string {
    return sign(hashFor(this.publicKey), bytes, this.#key).toString('base64')
  }

  /** An OpenSSF Model Signing v1.0 signature over the entries, as a Sigstore bundle with a DSSE envelope. */
  sign(entries: readonly NamedDigest[]): Uint8Array {
    const statement = makeStatement(entries, [SIGNATURE_ENTRY], rootDigest)
    const payload = Buffer.from(JSON.stringify(statement))
    const signature = sign(hashFor(this.publicKey), dsse.preAuthEncoding(STATEMENT_MEDIA_TYPE, payload), this.#key)
    const bundle = toDSSEBundle({
      artifact: payload,
      artifactType: STATEMENT_MEDIA_TYPE,
      signature,
      keyHint: fingerprintOf(this.publicKey),
    })
    return new TextEncoder().encode(JSON.stringify(bundleToJSON(bundle), null, 2))
  }
}

/** The signing key of a deployment. @throws UserError wrong-passphrase, unknown-deployment */
export async function readSigner(keys: UnlockedKeyStore, id: string): Promise<Signer> {
  const pem = await keys.readSecret(id, 'signing-key')
  try {
    return Signer.load(pem)
  } finally {
    pem.fill(0)
  }
}

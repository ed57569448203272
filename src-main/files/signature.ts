import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { bundleFromJSON, isBundleWithDsseEnvelope, ValidationError } from '@sigstore/bundle'
import { crypto, dsse } from '@sigstore/core'
import {
  PREDICATE_TYPE,
  STATEMENT_MEDIA_TYPE,
  statementSchema,
  type NamedDigest,
  type Statement,
} from '../core/bundle/statement.ts'
import { UserError } from '../core/errors.ts'
import { printableName } from '../core/printable.ts'

/** Hash by curve, as the key method prescribes. */
const hashes: Record<string, string> = { prime256v1: 'sha256', secp384r1: 'sha384' }

/** SHA-256 of the public key's PEM form: the key method's hint. */
export const fingerprintOf = (key: KeyObject): string => sha256(key.export({ type: 'spki', format: 'pem' }))

/** @throws UserError bad-public-key unless it is an EC public key on P-256 or P-384 */
export function readPublicKey(pem: string | Uint8Array): KeyObject {
  let key: KeyObject
  // Node would derive the public key from it, and the private one would stay where public keys are kept.
  if (Buffer.from(pem).includes('PRIVATE KEY')) {
    throw new UserError('bad-public-key', 'What was given as a public key is a private key.', {
      hint: 'Take it away from here, and give the public one: signer.pem in the key store, or `verify` of a bundle that you trust.',
    })
  }
  try {
    key = createPublicKey(Buffer.from(pem))
  } catch (cause) {
    throw new UserError('bad-public-key', 'The public key is not PEM.', { cause })
  }
  hashFor(key)
  return key
}

/** @throws UserError bad-public-key for other curves */
export function hashFor(key: KeyObject): string {
  const hash = hashes[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (!hash) throw new UserError('bad-public-key', 'Signing keys are elliptic-curve keys on P-256 or P-384.')
  return hash
}

/**
 * Verifies an OpenSSF Model Signing v1.0 signature, key method, and returns what it states.
 * @throws UserError bad-signature, unsupported-signature-method
 */
export function verifyStatement(file: Uint8Array, key: KeyObject): Statement {
  const envelope = readEnvelope(file)
  if (envelope.payloadType !== STATEMENT_MEDIA_TYPE) throw badSignature('it signs another kind of payload')
  // Read first, so that another kind of statement is called that, whoever signed it.
  const statement = readStatement(envelope.payload)
  const signed = dsse.preAuthEncoding(envelope.payloadType, envelope.payload)
  const valid = envelope.signatures.some(({ sig }) => crypto.verify(signed, key, sig, hashFor(key)))
  if (!valid) throw badSignature('it was made with another key, or for other content')
  return statement
}

/**
 * Throws UserError 'bad-signature' unless the statement lists exactly these files. It may list `extra` too: a tool that signs
 * an unpacked bundle covers the signature inside unless told otherwise.
 */
export function checkStatement(
  { predicate }: Statement,
  entries: readonly NamedDigest[],
  extra: readonly NamedDigest[] = [],
): void {
  const held = new Map([...extra, ...entries].map(({ name, sha256 }) => [name, sha256]))
  const listed = new Map(predicate.resources.map(({ name, digest }) => [name, digest]))
  const otherContent = (reason: string): UserError => badSignature(`it is for other content: ${reason}`)
  if (listed.size < predicate.resources.length) throw otherContent('it covers a file twice')
  const stranger = [...listed.keys()].find((name) => !held.has(name))
  if (stranger !== undefined) throw otherContent(`it covers ${printableName(stranger)}, which the bundle does not hold`)
  const uncovered = entries.find(({ name }) => !listed.has(name))
  if (uncovered) throw otherContent(`it does not cover ${uncovered.name}`)
  const changed = [...listed].find(([name, digest]) => held.get(name) !== digest)
  if (changed) throw otherContent(`${changed[0]} differs`)
}

/** SHA-256 over the concatenated hashes of the resources, in their order. */
export function rootDigest(digests: readonly string[]): string {
  return sha256(Buffer.from(digests.join(''), 'hex'))
}

function readEnvelope(file: Uint8Array) {
  let bundle: ReturnType<typeof bundleFromJSON>
  const method = methodOf(file)
  if (method !== 'key') {
    throw new UserError('unsupported-signature-method', `The signature uses the ${method} method.`, {
      hint: 'Bundles are signed and verified with the key method.',
    })
  }
  try {
    bundle = bundleFromJSON(JSON.parse(new TextDecoder().decode(file)))
  } catch (cause) {
    const fields = cause instanceof ValidationError ? `: ${cause.fields.join(', ')}` : ''
    throw badSignature(`it is not a Sigstore bundle${fields}`, cause)
  }
  if (!isBundleWithDsseEnvelope(bundle)) throw badSignature('it has no DSSE envelope')
  return bundle.content.dsseEnvelope
}

/** How the signer is identified, from the verification material alone. */
function methodOf(file: Uint8Array): 'key' | 'certificate' | 'sigstore' {
  let material: unknown
  try {
    const bundle = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file)) as {
      verificationMaterial?: unknown
    }
    material = bundle.verificationMaterial
  } catch (cause) {
    throw badSignature('it is not JSON', cause)
  }
  if (typeof material !== 'object' || material === null) throw badSignature('it has no verification material')
  const { publicKey, x509CertificateChain, certificate, tlogEntries } = material as Record<string, unknown>
  if (publicKey !== undefined) return 'key'
  if (x509CertificateChain !== undefined) return 'certificate'
  if (certificate === undefined) throw badSignature('it has no verification material')
  if (tlogEntries === undefined) throw badSignature('it has no transparency log entries')
  return 'sigstore'
}

function readStatement(payload: Buffer): Statement {
  let value: { predicateType?: unknown }
  try {
    value = Object(JSON.parse(payload.toString('utf8'))) as typeof value
  } catch (cause) {
    throw badSignature('its statement is not JSON', cause)
  }
  if (value.predicateType !== PREDICATE_TYPE) throw badSignature('its predicate is not that of a signed model')
  const parsed = statementSchema.safeParse(value)
  if (!parsed.success) throw badSignature('its statement is not valid')
  const digests = parsed.data.predicate.resources.map(({ digest }) => digest)
  if (rootDigest(digests) !== parsed.data.subject[0].digest.sha256) throw badSignature('its root digest is wrong')
  return parsed.data
}

const badSignature = (reason: string, cause?: unknown): UserError =>
  new UserError('bad-signature', `The signature is not valid: ${reason}.`, { ...(cause !== undefined && { cause }) })

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'

/** Whoever holds them opens what was sealed to them. */
export interface SealingKeys {
  /** Raw X25519 public key, hexadecimal. */
  readonly publicKey: string
  readonly privateKey: KeyObject
}

/** X25519 keys in DER (RFC 8410) begin so, and end with the 32 raw bytes. */
const derPrefix = Buffer.from('302a300506032b656e032100', 'hex')
const tagBytes = 16
/** Every key is used once. */
const nonce = Buffer.alloc(12)

export function newSealingKeys(): SealingKeys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  return { publicKey: rawOf(publicKey), privateKey }
}

export interface Sealed {
  /** Raw X25519 public key that was made for these bytes alone, hexadecimal. */
  readonly key: string
  /** With the tag at its end. */
  readonly sealed: Buffer
}

/**
 * X25519 with a fresh key each time, HKDF-SHA256 and AES-256-GCM, as in RFC 9180 without its framing. `use` keeps apart what
 * is sealed for different ends. Throws where `publicKey` is no key that others can agree with.
 */
export function sealBytes(bytes: Uint8Array, publicKey: string, use: string): Sealed {
  const fresh = generateKeyPairSync('x25519')
  const key = rawOf(fresh.publicKey)
  const secret = diffieHellman({ privateKey: fresh.privateKey, publicKey: publicOf(publicKey) })
  const cipher = createCipheriv('aes-256-gcm', contentKey(secret, key, publicKey, use), nonce)
  return { key, sealed: Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]) }
}

/** Undefined where it was not sealed for these keys and this use, or was changed. */
export function openBytes({ key, sealed }: Sealed, keys: SealingKeys, use: string): Buffer | undefined {
  try {
    const secret = diffieHellman({ privateKey: keys.privateKey, publicKey: publicOf(key) })
    const decipher = createDecipheriv('aes-256-gcm', contentKey(secret, key, keys.publicKey, use), nonce)
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

const contentKey = (secret: Buffer, key: string, publicKey: string, use: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.from(key + publicKey, 'hex'), use, 32))

const rawOf = (publicKey: KeyObject): string =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(derPrefix.length).toString('hex')

const publicOf = (raw: string): KeyObject =>
  createPublicKey({ key: Buffer.concat([derPrefix, Buffer.from(raw, 'hex')]), type: 'spki', format: 'der' })

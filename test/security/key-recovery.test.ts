import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flood } from '../../src-main/owner/flood.ts'
import { loadCiphertext, PublicEncryptor, saveCiphertext, type SealContext } from '../../src-main/seal/public.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { insecureContext } from '../seal/insecure.ts'

/*
 * "On the Security of Homomorphic Encryption on Approximate Numbers" (Li, Micciancio; EUROCRYPT 2021): a decryption
 * is the plaintext polynomial m = c0 + c1·s, so whoever has it exactly solves for s. SEAL decodes real parts only,
 * which give m(X) + m(1/X); at each pair of NTT points ζ, 1/ζ that is one equation in s(ζ) and s(1/ζ), and two
 * ciphertexts give two.
 */
const scale = 2 ** 30
const degree = 1024
const half = degree / 2

describe('the key-recovery attack on insecure small parameters', () => {
  let context: SealContext
  let key: OwnerKey
  let encryptor: PublicEncryptor
  let prime: bigint

  beforeAll(async () => {
    context = await insecureContext()
    key = OwnerKey.generate(context)
    encryptor = new PublicEncryptor(context, key.publicKey())
    prime = BigInt(context.parameters.primes[0])
  })
  afterAll(() => [encryptor, key, context].forEach((part) => part.delete()))

  /** Residues for the first prime, which are those of the one-prime level. */
  const residues = (saved: Uint8Array, start: number): BigUint64Array =>
    new BigUint64Array(saved.slice(start, start + 8 * degree).buffer)
  const modulo = (x: bigint): bigint => ((x % prime) + prime) % prime
  function inverse(x: bigint): bigint {
    let [a, b, u, v] = [modulo(x), prime, 1n, 0n]
    while (a > 0n) [a, b, u, v] = [b % a, a, v - (b / a) * u, u]
    return modulo(v)
  }

  /** Two ciphertexts of one prime, as an edge may choose them, with what the owner's key makes of them. */
  function decryptions() {
    return [1, 2].map((seed) => {
      const slots = Float64Array.from({ length: half }, (_, i) => Math.sin(seed * i))
      const ciphertext = encryptor.encrypt(slots, scale, 1)
      const saved = saveCiphertext(context, ciphertext)
      const outputs = key.decrypt(ciphertext)
      ciphertext.delete()
      return { c0: residues(saved, 113), c1: residues(saved, 113 + 8 * degree), slots, outputs }
    })
  }

  /** The secret key's residues, from ciphertexts and what was said to be in them. */
  function recover(known: { c0: BigUint64Array; c1: BigUint64Array; told: Float64Array }[]): bigint[] {
    const sums = known.map(({ told }) => {
      const plain = context.encode(told, 2 * scale, 1)
      const saved = plain.saveToArray(context.seal.bindings.ComprModeType.none) as Uint8Array
      plain.delete()
      return residues(saved, saved.length - 8 * degree)
    })
    const secret: bigint[] = []
    for (let i = 0; i < half; i++) {
      const j = degree - 1 - i
      const [[a, b, x], [c, d, y]] = known.map(({ c0, c1 }, n) => [c1[i], c1[j], modulo(sums[n][i] - c0[i] - c0[j])])
      const overDeterminant = inverse(a * d - b * c)
      secret[i] = modulo((x * d - b * y) * overDeterminant)
      secret[j] = modulo((a * y - x * c) * overDeterminant)
    }
    return secret
  }

  const trueSecret = (): BigUint64Array => {
    const saved = key.save()
    return residues(saved, saved.length - 8 * degree * context.parameters.primes.length)
  }
  const matches = (recovered: bigint[]): number => {
    const secret = trueSecret()
    return recovered.filter((value, i) => value === secret[i]).length
  }

  it('recovers the whole key from exact decryptions', () => {
    const known = decryptions().map(({ outputs, ...rest }) => ({ ...rest, told: outputs }))
    expect(matches(recover(known))).toBe(degree)
  })

  it('fails on released scores, which are flooded and rounded', () => {
    const exact = decryptions()
    const errors = exact.flatMap(({ slots, outputs }) => [...outputs].map((output, i) => output - slots[i]))
    const noise = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length)
    const flooding = { noise, spread: 1e6, releases: 2, statisticalBits: 30 }
    const known = exact.map(({ outputs, ...rest }) => ({ ...rest, told: flood(outputs, flooding) }))
    expect(matches(recover(known))).toBeLessThan(3)
  })

  it('fails on scores with the rounding alone, too', () => {
    const known = decryptions().map(({ outputs, ...rest }) => ({
      ...rest,
      told: outputs.map((output) => Math.round(output * 1e3) / 1e3),
    }))
    expect(matches(recover(known))).toBeLessThan(3)
  })

  it('works through a ciphertext that was sent over the wire', () => {
    const [{ slots }] = decryptions()
    const ciphertext = encryptor.encrypt(slots, scale, 1)
    const again = loadCiphertext(context, saveCiphertext(context, ciphertext), { primes: 1, scale })
    expect([...key.decrypt(again)]).toEqual([...key.decrypt(ciphertext)])
    for (const part of [ciphertext, again]) part.delete()
  })
})

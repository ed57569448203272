import SEAL from 'node-seal/allows'
import { describe, expect, it } from 'vitest'
import { parmsId } from '../../src-main/kernels/parms-id.ts'
import { coefficientsOf, drawBinomial, drawTernary } from '../../src-main/kernels/portable-encryption.ts'
import { newCiphertext, readCiphertext } from '../../src-main/kernels/seal-bytes.ts'

const N = 8192
const ROUNDS = 6

/**
 * What SEAL draws: over one prime nothing is divided out, so with a public key of the form (c, 0) a fresh encryption of
 * zero is (c·u + e₀, e₁).
 */
async function sealDraws(): Promise<Record<'u' | 'e0' | 'e1', number[]>> {
  const seal = await SEAL()
  const literal = new seal.EncryptionParameters(seal.SchemeType.ckks)
  literal.setPolyModulusDegree(N)
  literal.setCoeffModulus(seal.CoeffModulus.Create(N, Int32Array.from([50])))
  const context = new seal.SEALContext(literal, true, seal.SecLevelType.none)
  const prime = BigInt(context.keyContextData()!.parms().coeffModulus().get(0)!.value())
  const factor = 2n ** 20n
  const { bytes, residues } = newCiphertext(2, 1, N, 1, parmsId(N, [prime]))
  residues.set(new Uint8Array(new BigUint64Array(N).fill(factor).buffer))
  const publicKey = new seal.PublicKey()
  publicKey.loadFromArray(context, bytes)
  const encryptor = new seal.Encryptor(context, publicKey)
  const out = { u: [] as number[], e0: [] as number[], e1: [] as number[] }
  const ciphertext = new seal.Ciphertext()
  for (let round = 0; round < ROUNDS; round++) {
    encryptor.encryptZero(ciphertext)
    const saved = readCiphertext(ciphertext.saveToArray(seal.ComprModeType.none) as Uint8Array, N)
    const words = [...new BigUint64Array(saved.residues.slice().buffer)]
    const [first, second] = [words.slice(0, N), words.slice(N)].map((part) => coefficientsOf(part, prime).map(Number))
    out.e1.push(...second)
    for (const value of first) {
      const u = Math.round(value / Number(factor))
      out.u.push(u)
      out.e0.push(value - u * Number(factor))
    }
  }
  for (const object of [ciphertext, encryptor, publicKey, context, literal]) object.delete()
  return out
}

/** With the last bins on either side put together, so that none is nearly empty. */
const bin = (value: number): number => Math.max(-10, Math.min(10, value))

function histogram(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(bin(value), (counts.get(bin(value)) ?? 0) + 1)
  return counts
}

/** Of two samples of one size: the statistic, and how many degrees of freedom it has. */
function chiSquare(left: readonly number[], right: readonly number[]): { statistic: number; freedom: number } {
  expect(left.length).toBe(right.length)
  const [a, b] = [histogram(left), histogram(right)]
  const bins = new Set([...a.keys(), ...b.keys()])
  const statistic = [...bins].reduce((sum, at) => {
    const [x, y] = [a.get(at) ?? 0, b.get(at) ?? 0]
    return sum + (x - y) ** 2 / (x + y)
  }, 0)
  return { statistic, freedom: bins.size - 1 }
}

/** Chance of a larger statistic, by the normal approximation of Wilson and Hilferty: over 5 sigmas is under 3e-7. */
function sigmas({ statistic, freedom }: { statistic: number; freedom: number }): number {
  const spread = 2 / (9 * freedom)
  return ((statistic / freedom) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread)
}

/** How often each bin is to be expected of differences of two counts among `bits` fair bits. */
function binomial(count: number, bits: number): Map<number, number> {
  let row = [1]
  for (let i = 0; i < 2 * bits; i++)
    row = Array.from({ length: row.length + 1 }, (_, k) => (row[k - 1] ?? 0) + (row[k] ?? 0))
  const expected = new Map<number, number>()
  row.forEach((ways, k) => {
    const at = bin(k - bits)
    expected.set(at, (expected.get(at) ?? 0) + (ways / 4 ** bits) * count)
  })
  return expected
}

/** Of a sample against a distribution. */
function goodness(values: readonly number[], expected: ReadonlyMap<number, number>) {
  const counts = histogram(values)
  const statistic = [...expected].reduce((sum, [at, often]) => sum + ((counts.get(at) ?? 0) - often) ** 2 / often, 0)
  return { statistic, freedom: expected.size - 1 }
}

describe('what an encryption draws', () => {
  it("has the distributions of SEAL's: the mask and both errors", async () => {
    const theirs = await sealDraws()
    const keys = Array.from({ length: ROUNDS }, (_, i) => new Uint8Array(32).fill(i + 1))
    const ours = {
      u: keys.flatMap((key) => drawTernary(N, key)).map(Number),
      e0: keys.flatMap((key) => drawBinomial(N, key, 2)).map(Number),
      e1: keys.flatMap((key) => drawBinomial(N, key, 3)).map(Number),
    }
    for (const what of ['u', 'e0', 'e1'] as const) {
      expect(sigmas(chiSquare(ours[what], theirs[what]))).toBeLessThan(5)
    }
    expect(new Set(theirs.u)).toEqual(new Set([-1, 0, 1]))
    const exact = binomial(ours.e0.length, 21)
    for (const errors of [ours.e0, ours.e1, theirs.e0, theirs.e1]) {
      expect(sigmas(goodness(errors, exact))).toBeLessThan(5)
      // The test would tell a neighbour.
      expect(sigmas(goodness(errors, binomial(errors.length, 19)))).toBeGreaterThan(5)
    }
  })
})

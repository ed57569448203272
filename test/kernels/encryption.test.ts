import { createCipheriv } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KERNEL_KINDS, type KernelKind } from '../../src-main/core/plan/evaluator-kinds.ts'
import type { Plan } from '../../src-main/core/plan/plan.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { encoderTables } from '../../src-main/kernels/encoding.ts'
import { openKernels } from '../../src-main/kernels/open-kernels.ts'
import {
  drawBinomial,
  drawTernary,
  embedPortably,
  encryptPortably,
  stream,
} from '../../src-main/kernels/portable-encryption.ts'
import { quarterRoots } from '../../src-main/kernels/roots.ts'
import { readCiphertext, readPlaintext } from '../../src-main/kernels/seal-bytes.ts'
import { Oracle } from './oracle.ts'
import { randomSource } from './random.ts'

const N = 1024
const key = Uint8Array.from({ length: 32 }, (_, i) => (37 * i) % 256)

/** A plan that does nothing but take inputs at these levels. */
function inputsOnly(oracle: Oracle, levels: { primes: number; scale: number }[], mode: 'encrypted' | 'plain'): Plan {
  return {
    parameters: oracle.parameters,
    input: {
      ...{ mode, shape: [1, 1, 1], levels, ...levels[0] },
      sources: levels.map(() => new Int32Array()),
    },
    ...{ weights: [], instructions: [], layers: [], batch: 1 },
    output: { registers: [], shape: [1, 1, 1], positions: new Int32Array() },
  }
}

describe('encryption from a key', () => {
  let insecure: Oracle
  let publicKey: { packed: Uint8Array; words: BigUint64Array }
  const levels = [
    { primes: 3, scale: 2 ** 30 },
    { primes: 2, scale: 2 ** 20 },
    { primes: 1, scale: 2 ** 20 },
    // Coefficients that no f64 holds to the last digit.
    { primes: 3, scale: 2 ** 70 },
  ]
  const { below } = randomSource(7)
  const slots = Float64Array.from({ length: N / 2 }, () => (below(2 ** 20) - 2 ** 19) / 2 ** 17)

  beforeAll(async () => {
    insecure = await Oracle.open(N, [50, 40, 30, 50], [1])
    publicKey = insecure.packedPublicKey()
  })
  afterAll(() => insecure.close())

  const portable = () => ({ n: N, primes: insecure.primes, publicKey: publicKey.words })

  async function encryptAll(kind: KernelKind, threads: number): Promise<Uint8Array[]> {
    const plan = inputsOnly(insecure, levels, 'encrypted')
    const kernels = await openKernels(plan, { threads, kinds: [kind], inputs: 'encrypt' })
    kernels.store.loadPublicKey(publicKey.packed)
    const files = levels.map((_, register) => {
      const value = kernels.encryptInput(slots, key, register)
      const bytes = kernels.store.save(value)
      kernels.evaluator.release(value)
      return bytes
    })
    await kernels.close()
    return files
  }

  it.each(KERNEL_KINDS)('gives the specified words on %s, with any number of threads', async (kind) => {
    for (const threads of [1, 2]) {
      const files = await encryptAll(kind, threads)
      files.forEach((bytes, register) => {
        const wanted = encryptPortably(portable(), slots, levels[register], key)
        const { residues } = readCiphertext(bytes, N)
        expect(Buffer.compare(residues, new Uint8Array(wanted.buffer))).toBe(0)
      })
    }
  })

  it('is decrypted by SEAL, at every level', async () => {
    const files = await encryptAll('relaxed-simd-f64', 1)
    files.forEach((bytes, register) => {
      const decrypted = insecure.decrypt(bytes)
      const error = slots.reduce((most, value, i) => Math.max(most, Math.abs(value - decrypted[i])), 0)
      expect(error).toBeLessThan(2 ** 14 / levels[register].scale + 1e-9)
    })
  })

  it.each(KERNEL_KINDS)('encodes clear inputs alike on %s', async (kind) => {
    const kernels = await openKernels(inputsOnly(insecure, levels, 'plain'), { kinds: [kind], inputs: 'encode' })
    levels.forEach((level, register) => {
      const value = kernels.encodeInput(slots, register)
      const { residues } = readPlaintext(kernels.store.save(value), N)
      const wanted = embedPortably({ n: N, primes: insecure.primes }, slots, level)
      expect(Buffer.compare(residues, new Uint8Array(wanted.buffer))).toBe(0)
      kernels.evaluator.release(value)
    })
    await kernels.close()
  })

  it('depends on no engine: the words of one ciphertext are written down', () => {
    const primes = [1125899906826241n, 1099511592961n, 1125899906820097n]
    let state = 1n
    const publicKey = BigUint64Array.from({ length: 2 * 3 * N }, (_, i) => {
      state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
      return (state >> 8n) % primes[Math.floor(i / N) % 3]
    })
    const values = Float64Array.from({ length: N / 2 }, (_, i) => Math.sqrt(i) / 16 - 1)
    const words = encryptPortably({ n: N, primes, publicKey }, values, { primes: 2, scale: 2 ** 40 }, key)
    expect(sha256(new Uint8Array(words.buffer))).toMatchInlineSnapshot(
      `"3c216a31c28fc7f360af1133662fa664629b75ad331343276f44623f1a57f378"`,
    )
  })
})

describe('roots of unity', () => {
  it('are within half a unit in the last place, give or take the engine', () => {
    for (const n of [4, 1024, 32768]) {
      const { real, imaginary } = quarterRoots(n)
      real.forEach((cosine, m) => {
        expect(Math.abs(cosine - Math.cos((Math.PI * m) / n))).toBeLessThan(2.5e-16)
        expect(Math.abs(imaginary[m] - Math.sin((Math.PI * m) / n))).toBeLessThan(2.5e-16)
      })
    }
  })

  it('lead to tables in which every slot has its own place', () => {
    expect(new Set(encoderTables(1024).places).size).toBe(512)
  })
})

describe('the stream of random bytes', () => {
  it('is ChaCha20 as OpenSSL has it', () => {
    const bytes = stream(key, 2)
    const ours = Uint8Array.from({ length: 1000 }, () => bytes.next().value)
    const iv = Buffer.alloc(16)
    iv.writeUInt32LE(2, 4)
    expect(Buffer.compare(ours, createCipheriv('chacha20', key, iv).update(Buffer.alloc(1000)))).toBe(0)
  })

  it('gives masks of three values and errors that are centred binomial', () => {
    expect(new Set(drawTernary(N, key))).toEqual(new Set([-1n, 0n, 1n]))
    expect(drawBinomial(N, key, 2)).not.toEqual(drawBinomial(N, key, 3))
    expect(drawBinomial(N, key, 2).every((e) => e >= -21n && e <= 21n)).toBe(true)
  })
})

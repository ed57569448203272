import { spawnSync } from 'node:child_process'
import { open, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packInput } from '../../src-main/core/plan/packing.ts'
import { KERNEL_KINDS } from '../../src-main/core/plan/evaluator-kinds.ts'
import type { Instruction, PlannedNetwork } from '../../src-main/core/plan/plan.ts'
import { planNetwork } from '../../src-main/core/planner/plan-network.ts'
import { compactWeights } from '../../src-main/core/planner/compact.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { silent } from '../../src-main/core/progress.ts'
import { KernelRunner } from '../../src-main/edge/kernel-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { loadSeal, PublicEncryptor, saveCiphertext, SealContext } from '../../src-main/seal/public.ts'
import { smallSecureParameters } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { networkBuilder, randomInput } from '../planner/networks.ts'
import { npy } from './npy.ts'

const MIB = 2 ** 20
const SUMS = 24
const TAPS = 24
/** In the kernels' memory: two parts of residues of 7, 4, 4 and 4 bytes. */
const WEIGHT_BYTES = 2 * 8192 * 19
const ALL_WEIGHTS_BYTES = SUMS * TAPS * WEIGHT_BYTES
const pixels = [0.3, -0.8, 1.5, 0.6]
const factor = (index: number, pixel: number): number => Math.sin(1 + index + 7 * pixel) / SUMS

/** y = Σ over all weights of w·x, in sums of some: more weights than there is memory for. */
function wideNetwork(): PlannedNetwork {
  const scale = 2 ** 30
  const sums = Array.from({ length: SUMS }, (_, s): Instruction => {
    const weights = Array.from({ length: TAPS }, (_, k) => s * TAPS + k)
    return { op: 'multiply-sum', out: 1 + s, values: weights.map(() => 0), weights }
  })
  const adds = sums.slice(1).map((_, i): Instruction => {
    const before = i === 0 ? 1 : SUMS + i
    return { op: 'add', out: SUMS + 1 + i, in: [before, i + 2] }
  })
  const [sum, relinearised, result] = [2 * SUMS - 1, 2 * SUMS, 2 * SUMS + 1]
  const instructions: Instruction[] = [
    ...sums,
    ...adds,
    { op: 'relinearise', out: relinearised, in: sum },
    { op: 'rescale', out: result, in: relinearised },
  ]
  const packing = { shape: [4, 1, 1], positions: Int32Array.from([0, 1, 2, 3]) } as const
  return {
    plan: {
      parameters: smallSecureParameters,
      input: { mode: 'encrypted', shape: [1, 2, 2], sources: [Int32Array.from([0, 1, 2, 3])], scale, primes: 4 },
      weights: Array.from({ length: SUMS * TAPS }, () => ({ layer: 0, role: 'weight', scale, primes: 4 })),
      instructions,
      layers: [{ id: 'all', kind: 'linear', first: 0, end: instructions.length, result: [result], packing }],
      output: { registers: [result], ...packing },
      batch: 1,
    },
    weightVectors: (index) => Float64Array.from({ length: 4096 }, (_, slot) => (slot < 4 ? factor(index, slot) : 0)),
  }
}

describe('an edge with less memory than its expanded weights need', () => {
  const b = networkBuilder([1, 12, 12])
  b.square('s1', b.conv('c1', INPUT, 8, 3, 1, 1))
  const model = { ...b.model(b.conv('c2', 's1', 8, 3, 1, 0)), bounds: new Map([['c2', 4]]) }
  let folder: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder, { segments: [compactWeights(planNetwork(model, { searchWidth: 4 }))] })
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('expands them layer by layer, and computes the same bits, run after run', async () => {
    const bundle = await Bundle.open(join(folder, 'tiny.sealed'))
    const load = (roomBytes?: number): Promise<KernelRunner> =>
      KernelRunner.load(bundle, 0, { threads: 2, kinds: KERNEL_KINDS, roomBytes })
    const input = { job: 'ab'.repeat(16), seed: new Uint8Array(32).fill(7), values: randomInput(model) }
    const whole = await load()
    const [wanted] = await whole.run(input, silent)
    await whole.delete()
    const roomBytes = Math.round(0.8 * whole.heapBytes())
    const small = await load(roomBytes)
    expect(small.heapBytes()).toBeLessThanOrEqual(roomBytes)
    for (let run = 0; run < 2; run++) {
      const [output] = await small.run(input, silent)
      expect(Buffer.compare(output, wanted)).toBe(0)
    }
    await small.delete()
    await bundle.close()
  })
})

describe('an edge with less memory than its weights need', () => {
  let folder: string
  let path: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    path = join(folder, 'tiny.sealed')
    await exportTiny(folder, { segments: [wideNetwork()] })
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function loadWith(kernelBytes?: number): Promise<KernelRunner> {
    const bundle = await Bundle.open(path)
    const options = { threads: 2, kinds: KERNEL_KINDS, roomBytes: kernelBytes }
    return await KernelRunner.load(bundle, 0, options).finally(() => bundle.close())
  }

  async function encryptedInput(): Promise<Uint8Array[]> {
    const bundle = await Bundle.open(path)
    const segment = bundle.segment(0)
    const plan = await bundle.plan(segment)
    const context = new SealContext(await loadSeal(), plan.parameters)
    const encryptor = new PublicEncryptor(context, await bundle.entry(segment.publicKey))
    await bundle.close()
    const { scale, primes } = plan.input
    const value = encryptor.encrypt(packInput(plan, Float64Array.from(pixels), 0), scale, primes)
    const bytes = saveCiphertext(context, value)
    for (const part of [value, encryptor, context]) part.delete()
    return [bytes]
  }

  it('computes the same bits, run after run', async () => {
    const input = await encryptedInput()
    const whole = await loadWith()
    const [wanted] = await whole.run(input, silent)
    await whole.delete()
    expect(whole.heapBytes()).toBeGreaterThan(ALL_WEIGHTS_BYTES)
    const small = await loadWith(90 * MIB)
    expect(small.heapBytes()).toBeLessThanOrEqual(90 * MIB)
    for (let run = 0; run < 3; run++) {
      const [output] = await small.run(input, silent)
      expect(Buffer.compare(output, wanted)).toBe(0)
    }
    await small.delete()
  })

  it('begins anew after a run that was stopped', async () => {
    const input = await encryptedInput()
    const small = await loadWith(90 * MIB)
    let steps = 0
    const progress = (): void => {
      steps += 1
      if (steps === SUMS / 2) throw new Error('stopped')
    }
    const stop = small.run(input, { progress })
    await expect(stop).rejects.toThrow('stopped')
    const [output] = await small.run(input, silent)
    const [again] = await small.run(input, silent)
    expect(Buffer.compare(output, again)).toBe(0)
    await small.delete()
  })

  it('keeps its process within --memory', async () => {
    await writeFile(join(folder, 'input.npy'), npy(pixels))
    const run = (memory: string) =>
      spawnSync(
        process.execPath,
        [
          ...[resolve('src-main/edge/main.ts'), 'run', 'tiny.sealed', '--input', 'input.npy', '--out', 'out.result'],
          ...['--memory', memory, '--threads', '2', '--json'],
        ],
        { cwd: folder, env: {}, encoding: 'utf8' },
      )
    expect(JSON.parse(run('100M').stdout)).toHaveProperty('error.code', 'not-enough-memory')
    expect(JSON.parse(run('two').stdout)).toHaveProperty('error.code', 'bad-arguments')
    expect(await readdir(folder)).not.toContain('out.result')
    const answer = JSON.parse(run('420M').stdout)
    expect(answer.heapBytes).toBeLessThan(ALL_WEIGHTS_BYTES)
    expect(answer.peakBytes).toBeLessThanOrEqual(420 * MIB)
    const unlock = { passphrase }
    const opened = await decrypt({
      result: join(folder, 'out.result'),
      keysFolder: join(folder, 'keys'),
      unlock,
      beyondBudget: true,
    })
    const sums = pixels.map((value, at) => {
      const weights = Array.from({ length: SUMS * TAPS }, (_, index) => factor(index, at))
      return value * weights.reduce((sum, weight) => sum + weight, 0)
    })
    expect(opened.label).toBe(sums.indexOf(Math.max(...sums)))
  })

  it('says so when a weight changes on disk while it runs', async () => {
    const small = await loadWith(90 * MIB)
    const input = await encryptedInput()
    const file = await open(path, 'r+')
    const { size } = await file.stat()
    // Weights are most of the file, and those at its end are streamed.
    await file.write(new Uint8Array(8 * MIB).fill(0x5a), 0, 8 * MIB, size - 16 * MIB)
    await file.close()
    await expect(small.run(input, silent)).rejects.toMatchObject({ code: 'damaged-bundle' })
    await small.delete()
  })
})

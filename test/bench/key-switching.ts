/**
 * Key switching in hybrid forms beside SEAL's form, and a sum of nine products, in turns, on one thread:
 * `node test/bench/key-switching.ts [--evaluator KIND] [--against CHECKOUT]`. Prints medians of processor time in milliseconds
 * and bytes of a seeded key, at N = 16384, as a Markdown table. Ratios are to SEAL's form, by the kernels of the checkout if one is given.
 */
import { resolve } from 'node:path'
import { argumentsOf } from '../../scripts/arguments.ts'
import { nttPrimes } from '../../src-main/core/numeric/primes.ts'
import type { KernelKind } from '../../src-main/core/plan/evaluator-kinds.ts'
import { allPrimesOf, keyChainOf, keyFormOf, keySizeOf, SEAL_FORM } from '../../src-main/core/plan/key-form.ts'
import type { CkksParameters, KeyForm, Plan } from '../../src-main/core/plan/plan.ts'
import { openKernels, type OpenKernels } from '../../src-main/kernels/open-kernels.ts'

const { evaluator: kind, against } = argumentsOf({
  options: { evaluator: { type: 'string' }, against: { type: 'string' } },
}).values
const kinds = kind === undefined ? undefined : [kind as KernelKind]
/** Of the checkout that is compared with, whose calls are those of this one. */
const openThen = against
  ? ((await import(resolve(against, 'src-main/kernels/open-kernels.ts'))) as { openKernels: typeof openKernels })
      .openKernels
  : openKernels
const n = 16384
const ROUNDS = 15
const HOISTED = 8
const TAPS = 9
const weights = Array.from({ length: TAPS }, (_, i) => i)
const steps = Array.from({ length: HOISTED }, (_, i) => i + 1)
const taken = new Set<bigint>()
const take = (bits: number): string => {
  const [prime] = nttPrimes(n, bits, 1, taken)
  taken.add(prime)
  return String(prime)
}
const primes = [take(42), ...Array.from({ length: 9 }, () => take(35)), take(43)]
const keyPrimes = [take(43), take(43)]

/** Keys of residues that are 0 and random ones: what is in them takes no time. */
async function open(openKernels: typeof openThen, level: number, keyForm?: KeyForm): Promise<OpenKernels> {
  const forms = Array.from({ length: 10 }, () => keyForm!)
  const parameters: CkksParameters = {
    ...{ polyModulusDegree: n, primes },
    ...(keyForm && { keySwitching: { keyPrimes, forms } }),
  }
  const plan: Plan = {
    parameters,
    input: { mode: 'encrypted', shape: [1, 1, 1], sources: [], scale: 1, primes: level },
    weights: weights.map(() => ({ layer: 0, role: 'weight', scale: 1, primes: level })),
    ...{ instructions: [], layers: [], batch: 1 },
    output: { registers: [], shape: [1, 1, 1], positions: new Int32Array() },
  }
  const requirements = {
    ...{ valueBytes: 8 * n * 40 * level, tableWords: 64, sharedPolynomials: 200 },
    ...{ relinearisePrimes: level, rotationPrimes: new Map(steps.map((step) => [step, level])) },
  }
  const kernels = await openKernels(plan, { kinds, requirements })
  const all = allPrimesOf(parameters)
  const chain = keyChainOf(parameters, level).map((index) => BigInt(all[index]).toString(2).length)
  const digit = 64 + chain.reduce((sum, bits) => sum + (n * bits) / 8, 0)
  const key = new Uint8Array(digit * Math.ceil(level / keyFormOf(parameters, level).digitPrimes))
  kernels.store.loadPackedKeys({ primes: level, relinearisation: key })
  const bits = primes.slice(0, level).reduce((sum, prime) => sum + BigInt(prime).toString(2).length, 0)
  for (const weight of weights) kernels.store.loadPackedWeight(weight, new Uint8Array(64 + (n * bits) / 8))
  for (const step of steps) kernels.store.loadPackedKeys({ primes: level, galois: { steps: [step], bytes: key } })
  return kernels
}

const operations = {
  relinearise: ({ evaluator }: OpenKernels, level: number) => {
    const value = evaluator.newInput(3, level, 1)
    return [value, evaluator.relinearise(value)]
  },
  hoisted: ({ evaluator }: OpenKernels, level: number) => {
    const value = evaluator.newInput(2, level, 1)
    return [value, ...evaluator.rotateMany(value, steps)]
  },
  products: ({ evaluator }: OpenKernels, level: number) => {
    const values = weights.map(() => evaluator.newInput(2, level, 1))
    return [...values, evaluator.multiplySum(values, weights)]
  },
}

function once(kernels: OpenKernels, level: number, operation: keyof typeof operations): number {
  const before = process.cpuUsage()
  const values = operations[operation](kernels, level)
  const { user, system } = process.cpuUsage(before)
  values.forEach((value) => kernels.evaluator.release(value))
  return (user + system) / 1000
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

const names = ['relinearise', 'hoisted', 'products'] as const
const divisors = { relinearise: 1, hoisted: HOISTED, products: TAPS }
const columns = [
  'primes',
  'primes of a digit',
  'special primes',
  'key, MB',
  ...names.flatMap((name) => [`${name}, ms`, 'ratio']),
]
const row = (cells: readonly (string | number)[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`)
row(columns)
row(columns.map(() => '---'))
const tried: Record<number, [number, number][]> = {
  10: [
    [2, 2],
    [3, 3],
  ],
  8: [
    [2, 2],
    [3, 3],
    [4, 4],
  ],
  6: [
    [2, 2],
    [3, 3],
    [6, 6],
  ],
  4: [
    [2, 2],
    [4, 4],
  ],
  2: [[2, 2]],
}
for (const level of [10, 8, 6, 4, 2]) {
  const forms = [undefined, ...tried[level].map(([digitPrimes, specialPrimes]) => ({ digitPrimes, specialPrimes }))]
  const builds = [...(against ? [{ then: true }] : []), ...forms.map((form) => ({ form }))]
  const opened = await Promise.all(
    builds.map((build) => ('then' in build ? open(openThen, level) : open(openKernels, level, build.form))),
  )
  const times = builds.map(() => ({ relinearise: [] as number[], hoisted: [] as number[], products: [] as number[] }))
  for (let round = 0; round < ROUNDS + 2; round++) {
    opened.forEach((kernels, i) => {
      for (const operation of names) {
        const ms = once(kernels, level, operation)
        if (round >= 2) times[i][operation].push(ms)
      }
    })
  }
  await Promise.all(opened.map((kernels) => kernels.close()))
  builds.forEach((build, i) => {
    const form = ('form' in build ? build.form : undefined) ?? SEAL_FORM
    const parameters = {
      polyModulusDegree: n,
      primes,
      keySwitching: { keyPrimes, forms: Array<KeyForm>(10).fill(form) },
    }
    const megabytes = ((keySizeOf(parameters, level) * n * 37) / 8 / 1e6).toFixed(2)
    const measured = names.flatMap((name) => {
      const ms = median(times[i][name])
      return [(ms / divisors[name]).toFixed(2), (ms / median(times[0][name])).toFixed(2)]
    })
    row(['then' in build ? `${level}, then` : level, form.digitPrimes, form.specialPrimes, megabytes, ...measured])
  })
}

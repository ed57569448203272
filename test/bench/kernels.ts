/**
 * Kernels against node-seal on the same machine, in turns: `node test/bench/kernels.ts [N] [prime bits] [threads] [kind]`.
 * Prints medians in milliseconds and their ratio as a Markdown table: processor time for one thread, which other work
 * on the machine disturbs least, and elapsed time for more.
 */
import type { KernelKind } from '../../src-main/core/plan/evaluator-kinds.ts'
import { type BenchTools, Oracle } from '../kernels/oracle.ts'
import { openForTest, SCALE } from '../kernels/open-for-test.ts'

const [degree = '16384', bits = '45,40,40,40,40,40,40,40,48', threadCount = '1', kind] = process.argv.slice(2)
const n = Number(degree)
const primeBits = bits.split(',').map(Number)
const threads = Number(threadCount)
const ROUNDS = 15
const TAPS = 9
const steps = [1, 2, 3, 4, 5, 6, 7, 8]

const oracle = await Oracle.open(n, primeBits, steps)
const kinds = kind === undefined ? undefined : [kind as KernelKind]
const room = 60 * primeBits.length
const kernels = await openForTest(oracle, { steps, taps: TAPS, threads, kinds, room, encrypts: true })
kernels.store.loadPublicKey(oracle.packedPublicKey().packed)
const slots = Float64Array.from({ length: n / 2 }, () => Math.random())
const key = crypto.getRandomValues(new Uint8Array(32))
const { evaluator } = kernels
const primes = primeBits.length - 1
const random = (prime: bigint): bigint => BigInt(Math.floor(Math.random() * Number(prime)))
const ciphertext = (parts: number): Uint8Array => oracle.ciphertext(parts, primes, SCALE, random)

const pairs = Array.from({ length: 2 * TAPS }, () => ciphertext(2))
const three = ciphertext(3)
const values = pairs.slice(0, TAPS).map(kernels.load)
const weights = kernels.weightsAt(primes)
weights.forEach((weight, index) => kernels.store.loadWeight(weight, pairs[TAPS + index]))
const unrelinearised = kernels.load(three)

interface Row {
  readonly name: string
  readonly inputs: readonly Uint8Array[]
  readonly seal: (tools: BenchTools) => void
  readonly ours: () => Parameters<typeof evaluator.release>[0][]
  /** Operations in one call. */
  readonly count?: number
}

const rows: Row[] = [
  {
    ...{ name: `product-accumulate, per product of ${TAPS}`, inputs: pairs, count: TAPS },
    seal: ({ evaluator: seal, inputs, out, other }) => {
      seal.multiply(inputs[0], inputs[TAPS], out)
      for (let t = 1; t < TAPS; t++) {
        seal.multiply(inputs[t], inputs[TAPS + t], other)
        seal.addInplace(out, other)
      }
    },
    ours: () => [evaluator.multiplySum(values, weights)],
  },
  {
    ...{ name: 'one product', inputs: pairs },
    seal: ({ evaluator: seal, inputs, out }) => seal.multiply(inputs[0], inputs[TAPS], out),
    ours: () => [evaluator.multiplySum([values[0]], [weights[0]])],
  },
  {
    ...{ name: 'square', inputs: [pairs[0]] },
    seal: ({ evaluator: seal, inputs, out }) => seal.square(inputs[0], out),
    ours: () => [evaluator.square(values[0])],
  },
  {
    ...{ name: 'relinearise', inputs: [three] },
    seal: ({ evaluator: seal, inputs, out, relin }) => seal.relinearize(inputs[0], relin, out),
    ours: () => [evaluator.relinearise(unrelinearised)],
  },
  {
    ...{ name: 'rotate', inputs: [pairs[0]] },
    seal: ({ evaluator: seal, inputs, out, galois }) => seal.rotateVector(inputs[0], 1, galois, out),
    ours: () => [evaluator.rotate(values[0], 1)],
  },
  {
    ...{ name: 'each of 8 hoisted rotations', inputs: [pairs[0]], count: 8 },
    seal: ({ evaluator: seal, inputs, out, galois }) =>
      steps.forEach((step) => seal.rotateVector(inputs[0], step, galois, out)),
    ours: () => evaluator.rotateMany(values[0], steps),
  },
  {
    ...{ name: 'rescale', inputs: [pairs[0]] },
    seal: ({ evaluator: seal, inputs, out }) => seal.rescaleToNext(inputs[0], out),
    ours: () => [evaluator.rescale(values[0])],
  },
  {
    ...{ name: 'add', inputs: [pairs[0], pairs[1]] },
    seal: ({ evaluator: seal, inputs, out }) => seal.add(inputs[0], inputs[1], out),
    ours: () => [evaluator.add(values[0], values[1])],
  },
  {
    ...{ name: 'encode and encrypt', inputs: [] },
    seal: ({ encrypt }) => encrypt(slots, 2 ** 40),
    ours: () => [kernels.encryptInput(slots, key)],
  },
]

const clock = (): number => {
  if (threads > 1) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const timeMs = (run: () => void): number => {
  const start = clock()
  run()
  return clock() - start
}
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]

console.log(
  `${kernels.kind}, N = ${n}, ${primes} data primes, ${threads} thread(s), medians of ${ROUNDS}, ${threads > 1 ? 'elapsed' : 'processor'} ms\n`,
)
console.log('| operation | node-seal | kernels | ratio |\n|---|---|---|---|')
for (const { name, inputs, seal, ours, count = 1 } of rows) {
  const theirs = oracle.prepare(seal, inputs)
  const runOurs = (): void => ours().forEach((value) => evaluator.release(value))
  for (let warm = 0; warm < 3; warm++) {
    theirs.run()
    for (let i = 0; i < 10; i++) runOurs()
  }
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    times[0].push(timeMs(theirs.run) / count)
    times[1].push(median([0, 1, 2].map(() => timeMs(runOurs))) / count)
  }
  theirs.free()
  const [sealMs, oursMs] = times.map(median)
  console.log(`| ${name} | ${sealMs.toFixed(2)} | ${oursMs.toFixed(3)} | ${(oursMs / sealMs).toFixed(3)} |`)
}
await kernels.close()
oracle.close()

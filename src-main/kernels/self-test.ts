import { blake2b } from '@noble/hashes/blake2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { CommandRing } from './command-ring.ts'
import { Arena } from '../core/plan/arena.ts'
import { allPrimesOf, keyChainOf } from '../core/plan/key-form.ts'
import type { CkksParameters } from '../core/plan/plan.ts'
import { conversionName, writeConversions } from './conversion-table.ts'
import { KernelEvaluator, type KernelValue } from './kernel-evaluator.ts'
import { KERNEL_KINDS, type KernelKind } from '../core/plan/evaluator-kinds.ts'
import { getOrMake } from '../core/get-or-make.ts'
import { must, present } from '../core/must.ts'
import { InputEncryption } from './input-encryption.ts'
import { layOut } from './memory-layout.ts'
import { galoisElement, inverseElement } from './number-theory.ts'
import { packedPartBytes, writePrimeTable } from './prime-table.ts'
import { compileKernels, instantiateKernels, sharedMemory } from './wasm.ts'

/**
 * Digests of each operation's result on the known vector; the kernels that made them were equal to SEAL, or to
 * portable-encryption.ts.
 */
const expected: Readonly<Record<string, string>> = {
  export: '44ee737fa1bde5f7',
  import: 'f326f015a81643e4',
  'product sum': 'b5bdc65311c6b01c',
  'plain products': '63dcc6d1aebf93a9',
  expansion: '6e016e0ac1bcf57d',
  'weight addition': '1d78e1d23707e4d9',
  square: 'b301169f4be2ca2e',
  addition: 'dc257c137c1c1733',
  'prime dropping': '973248893027e66b',
  rescaling: '4054867e3b374fc3',
  relinearisation: '1064736fe718749b',
  rotation: 'b348421831c8f9a0',
  'hoisted rotation': 'cb34b69feb80b5ab',
  'hybrid relinearisation': '068b50838ba05ea8',
  'hybrid rotation': 'b263b0ec13a50a46',
  encryption: '304c4bca71210dd0,91061d2be0a512ab',
  encoding: '0435d315799e67a6',
}

const N = 512
/** Of every kind: tight at its limit, lazy at its limit, small; the special prime. */
const PRIMES = [1125899906820097n, 281474976694273n, 1073738753n, 1125899906826241n]
const DATA_PRIMES = PRIMES.length - 1
const SEAL_PARAMETERS: CkksParameters = { polyModulusDegree: N, primes: PRIMES.map(String) }
/** Digits of two primes and of one, two special primes. */
const HYBRID_PARAMETERS: CkksParameters = {
  ...SEAL_PARAMETERS,
  keySwitching: {
    keyPrimes: ['1125899906802689'],
    forms: Array.from({ length: DATA_PRIMES }, () => ({ digitPrimes: 2, specialPrimes: 2 })),
  },
}
const STEPS = 5
const TAPS = 12

export interface ChosenKernels {
  /** Undefined where none of them works here. */
  readonly works?: { readonly kind: KernelKind; readonly module: WebAssembly.Module }
  /** Why better ones were passed over; empty where there are none. */
  readonly reason: string
}

const outcomes = new Map<KernelKind, WebAssembly.Module | string>()

/** A module that works on this machine, else why it does not; tried once. */
function tryOnce(kind: KernelKind): WebAssembly.Module | string {
  return getOrMake(outcomes, kind, () => tryKernels(() => compileKernels(kind)))
}

/** The module, if this engine compiles it and it computes right; else why not, in words. */
export function tryKernels(compile: () => WebAssembly.Module): WebAssembly.Module | string {
  try {
    const module = compile()
    return selfTest(module) ?? module
  } catch {
    return 'this engine lacks it'
  }
}

/** The first of these kinds that passes its self-test. */
export function chooseKernels(kinds: readonly KernelKind[] = KERNEL_KINDS, attempt = tryOnce): ChosenKernels {
  const reasons: string[] = []
  for (const kind of kinds) {
    const module = attempt(kind)
    if (typeof module !== 'string') return { works: { kind, module }, reason: reasons.join('; ') }
    reasons.push(`${kind}: ${module}`)
  }
  return { reason: reasons.join('; ') }
}

/** Runs every kernel on a known vector; what went wrong, if anything did. */
export function selfTest(module: WebAssembly.Module): string | undefined {
  for (const [operation, digest] of Object.entries(digests(module))) {
    if (digest !== expected[operation]) return `the self-test of the ${operation} failed`
  }
  return undefined
}

/** Kernels in a memory of their own, with keys and weights of known residues. */
function setUp(module: WebAssembly.Module, parameters: CkksParameters) {
  const weights = Array.from({ length: TAPS }, () => ({
    layer: 0,
    role: 'weight' as const,
    scale: 1,
    primes: DATA_PRIMES,
  }))
  const layout = layOut({ parameters, weights, instructions: [] }, requirements, { threads: 1, inputs: 'encrypt' })
  const memory = sharedMemory(layout.bytes)
  const kernels = instantiateKernels(module, memory)
  const all = allPrimesOf(parameters).map(BigInt)
  writePrimeTable(memory, kernels, layout.ring.primeTable, N, all)
  writeConversions(memory, parameters, layout.conversions.values())
  const fill = randomFiller(memory)
  const chain = (address: number, parts: number, primes: readonly bigint[]): KernelValue => {
    for (let at = 0; at < parts * primes.length; at++) fill(address + 8 * N * at, primes[at % primes.length])
    return { address, parts, primes: primes.length, scale: 1 }
  }
  const rotation = must(layout.rotations, STEPS)
  kernels.writePermutation(rotation.permutation, N, inverseElement(galoisElement(STEPS, N), N))
  const commands = new CommandRing(memory, kernels, layout.ring, 0)
  const pack = (target: number, primes: readonly bigint[], other: number, specialPrimes: number): void => {
    const [source, count] = [chain(layout.shared, 2, primes).address, primes.length]
    const digits = specialPrimes > 0 ? 1 : 0
    const command = { primes: count, count, source, target, digits, specialPrimes, other }
    commands.submit({ ...command, stage: 'pack', tasks: 2 * count })
    commands.finish()
  }
  const keyPrimes = keyChainOf(parameters, DATA_PRIMES).map((index) => all[index])
  const keys = [present(layout.relinearisation), rotation].map(({ key, permutation, form }) => {
    const digitBytes = 2 * packedPartBytes(N, keyPrimes)
    for (let digit = 0; digit < Math.ceil(DATA_PRIMES / form.digitPrimes); digit++) {
      pack(key + digit * digitBytes, keyPrimes, permutation, form.specialPrimes)
    }
    const { address: conversion } = must(layout.conversions, conversionName(form, DATA_PRIMES))
    return { key, dataPrimes: DATA_PRIMES, permutation, form, conversion }
  })
  const factors = layout.weights.map((address) => {
    pack(address, PRIMES.slice(0, DATA_PRIMES), 0, 0)
    return { address, parts: 2, primes: DATA_PRIMES, scale: 1, packed: true }
  })
  const evaluator = new KernelEvaluator({
    ...{ parameters, arena: new Arena(layout.valueBytes, layout.values), shared: layout.shared },
    commands,
    material: {
      weight: (index) => factors[index],
      relinearisationKey: () => keys[0],
      fillMonomial: () => {},
      fillMask: () => {},
      rotationKey: () => keys[1],
    },
  })
  const input = (parts: number): KernelValue =>
    chain(evaluator.newInput(parts, DATA_PRIMES, 1).address, parts, PRIMES.slice(0, DATA_PRIMES))
  const digest = ({ address, parts, primes }: KernelValue): string => digestOf(memory, address, parts * primes)
  return { layout, memory, kernels, fill, commands, factors, evaluator, input, digest }
}

function hybridDigests(module: WebAssembly.Module): Record<string, string> {
  const { evaluator, input, digest } = setUp(module, HYBRID_PARAMETERS)
  return {
    'hybrid relinearisation': digest(evaluator.relinearise(input(3))),
    'hybrid rotation': digest(evaluator.rotate(input(2), STEPS)),
  }
}

function digests(module: WebAssembly.Module): Record<string, string> {
  const { layout, memory, kernels, fill, commands, factors, evaluator, input, digest } = setUp(module, SEAL_PARAMETERS)
  const ciphertexts = factors.map(() => input(2))
  const indices = factors.map((_, index) => index)
  const sum = evaluator.multiplySum(ciphertexts, indices)
  kernels.exportResidues(layout.shared, sum.address, N)
  const results: Record<string, string> = { export: digestOf(memory, layout.shared, 1) }
  kernels.importResidues(layout.shared, layout.shared, N, Number(PRIMES[0]))
  results.import = digestOf(memory, layout.shared, 1)
  const [packed, counters] = [layout.shared + 16 * N * PRIMES.length, layout.shared]
  fill(packed, PRIMES[0])
  new Int32Array(memory.buffer, counters, 2).set([0, 1])
  const expanded = evaluator.newInput(2, PRIMES.length, 1)
  const expansion = { primes: PRIMES.length, source: packed, target: expanded.address, other: counters, digits: 1 }
  commands.submit({ ...expansion, stage: 'expand', tasks: PRIMES.length })
  commands.finish()
  new Float64Array(memory.buffer, expanded.address + 8 * N * PRIMES.length, 1).fill(-1)
  commands.submit({ ...expansion, stage: 'redraw', tasks: 1 })
  commands.finish()
  Object.assign(results, {
    'product sum': digest(sum),
    'plain products': digest(evaluator.multiplySum(new Array<KernelValue>(TAPS).fill(input(1)), indices)),
    expansion: digest(expanded),
    'weight addition': digest(evaluator.addWeight(ciphertexts[0], 1)),
    square: digest(evaluator.square(ciphertexts[0])),
    addition: digest(evaluator.add(ciphertexts[0], ciphertexts[1])),
    'prime dropping': digest(evaluator.modSwitch(ciphertexts[0], 2)),
    rescaling: digest(evaluator.rescale(sum)),
    relinearisation: digest(evaluator.relinearise(sum)),
    rotation: digest(evaluator.rotate(ciphertexts[0], STEPS)),
    'hoisted rotation': digest(evaluator.rotateMany(ciphertexts[0], [STEPS, STEPS])[1]),
  })
  for (let at = 0; at < 2 * PRIMES.length; at++) {
    const address = present(layout.input).publicKey + 8 * N * at
    const half = Number(PRIMES[at % PRIMES.length]) / 2
    fill(address, PRIMES[at % PRIMES.length])
    const residues = new Float64Array(memory.buffer, address, N)
    residues.set(residues.map((residue) => (residue > half ? residue - 2 * half : residue)))
  }
  const encryption = new InputEncryption({ memory, layout, commands, special: DATA_PRIMES })
  const slots = Float64Array.from({ length: N / 2 }, (_, slot) => Math.sqrt(slot) - 8)
  const key = Uint8Array.from({ length: 32 }, (_, index) => index)
  /** One level divides by the special prime, the other by a data prime; one scale is beyond what an f64 holds. */
  const encrypted = [DATA_PRIMES, DATA_PRIMES - 1].map((primes) => {
    const value = evaluator.newInput(2, primes, primes === DATA_PRIMES ? 2 ** 40 : 2 ** 70)
    encryption.encrypt(slots, key, value)
    return digest(value)
  })
  const encoded = evaluator.newInput(1, DATA_PRIMES, 2 ** 40)
  encryption.encode(slots, encoded)
  return { ...results, ...hybridDigests(module), encryption: encrypted.join(), encoding: digest(encoded) }
}

const requirements = {
  ...{ valueBytes: 8 * N * 200, tableWords: 2 * TAPS, sharedPolynomials: 2 * DATA_PRIMES + 4 },
  ...{ relinearisePrimes: DATA_PRIMES, rotationPrimes: new Map([[STEPS, DATA_PRIMES]]) },
}

const digestOf = (memory: WebAssembly.Memory, address: number, polynomials: number): string =>
  bytesToHex(blake2b(new Uint8Array(memory.buffer, address, 8 * N * polynomials).slice(), { dkLen: 8 }))

/** Writes a polynomial of the same reproducible residues on every machine, 0 and p − 1 among them. */
function randomFiller(memory: WebAssembly.Memory): (address: number, prime: bigint) => void {
  let state = 1n
  return (address, prime) => {
    const words = Float64Array.from({ length: N }, (_, index) => {
      state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
      return Number(index < 2 ? BigInt(index) * (prime - 1n) : (state >> 8n) % prime)
    })
    new Float64Array(memory.buffer, address, N).set(words)
  }
}

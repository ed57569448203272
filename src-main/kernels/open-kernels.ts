import { invariant, UserError } from '../core/errors.ts'
import { bitLength } from '../core/numeric/primes.ts'
import { Arena } from '../core/plan/arena.ts'
import { allPrimesOf } from '../core/plan/key-form.ts'
import type { Plan, Register, WeightSource } from '../core/plan/plan.ts'
import { CommandRing, MAX_THREADS } from './command-ring.ts'
import { KernelEvaluator, type KernelValue } from './kernel-evaluator.ts'
import { startPool } from './kernel-pool.ts'
import type { EvaluatorKind, KernelKind } from '../core/plan/evaluator-kinds.ts'
import { writeConversions } from './conversion-table.ts'
import { KernelStore } from './kernel-store.ts'
import { InputEncryption } from './input-encryption.ts'
import { layOut, type InputWork, type LayoutOptions, type MemoryLayout } from './memory-layout.ts'
import { MAX_PRIME_BITS, writePrimeTable } from './prime-table.ts'
import { newInput, rehearse, type Requirements } from './rehearsal.ts'
import { chooseKernels } from './self-test.ts'
import { PlaintextTurner } from './turn-plaintext.ts'
import { instantiateKernels, sharedMemory } from './wasm.ts'

export interface KernelSupport {
  readonly kind: EvaluatorKind
  /** Why nothing faster is used. */
  readonly reason?: string
  /** Size of the memory that a run would share, where the kernels are used. */
  readonly memoryBytes?: number
}

const MAX_MEMORY_BYTES = 2 ** 32 - 2 ** 16
const MIN_DEGREE = 256

/** Which kernels, of these kinds or of all, this machine and this plan are for, or that none are; never throws. */
export function kernelSupport(plan: Plan, threads = 1, kinds?: readonly KernelKind[]): KernelSupport {
  if (plan.parameters.polyModulusDegree < MIN_DEGREE) return refused(`a degree under ${MIN_DEGREE}`)
  if (allPrimesOf(plan.parameters).some((prime) => bitLength(prime) > MAX_PRIME_BITS)) {
    return refused(`a prime of more than ${MAX_PRIME_BITS} bits`)
  }
  const { works, reason } = chooseKernels(kinds)
  if (!works) return refused(reason)
  const memoryBytes = layOutRun(plan, { threads, limitBytes: MAX_MEMORY_BYTES }).bytes
  if (memoryBytes > MAX_MEMORY_BYTES) return refused('the plan needs more than 4 GiB of memory')
  return { kind: works.kind, memoryBytes, ...(reason !== '' && { reason }) }
}

/**
 * Every address of a run of the plan within a limit. What its runs expand takes room for values besides, and less of the weights
 * may then stay: so it is laid out until what is streamed has the room that it needs.
 */
function layOutRun(plan: Plan, options: LayoutOptions, given?: Requirements): MemoryLayout {
  let needs = given ?? rehearse(plan)
  for (;;) {
    const layout = layOut(plan, needs, options)
    const isExpanded = layout.streamed.flat().some((source) => 'expansion' in source)
    const valueBytes = isExpanded ? rehearse(plan, layout.streamed).valueBytes : 0
    if (valueBytes <= needs.valueBytes) return layout
    needs = { ...needs, valueBytes }
  }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`

const refused = (reason: string): KernelSupport => ({ kind: 'node-seal', reason })

/**
 * An evaluator with its memory and threads. Weights and keys are loaded through `store` before the first run; runs
 * are one at a time, since the arena has room for one.
 */
export interface OpenKernels {
  readonly kind: KernelKind
  readonly evaluator: KernelEvaluator
  readonly store: KernelStore
  readonly memoryBytes: number
  readonly memory: WebAssembly.Memory
  /** By instruction, weights and expansions that whoever runs the plan loads right before it, every time. */
  readonly streamed: readonly (readonly WeightSource[])[]
  /** Fills a new input register, the first unless told; the caller releases it. */
  loadInput(bytes: Uint8Array, register?: Register): KernelValue
  /** Encrypts the slots of an input from a key of 32 bytes, for this ciphertext alone; the caller releases it. */
  readonly encryptInput: (slots: Float64Array, key: Uint8Array, register?: Register) => KernelValue
  /** Encodes the slots of a clear input; the caller releases it. */
  readonly encodeInput: (slots: Float64Array, register?: Register) => KernelValue
  /** A clear input as the rotation of another; the caller releases it. */
  readonly turnInput: (source: KernelValue, steps: number) => KernelValue
  close(): Promise<void>
}

export interface KernelOptions {
  readonly threads?: number
  /** Those that may be used; all unless told. */
  readonly kinds?: readonly KernelKind[]
  /** Of the shared memory; weights beyond it are streamed. */
  readonly limitBytes?: number
  /** What is to be done to inputs that come as values; nothing unless told. */
  readonly inputs?: InputWork
  /** By default, exactly what the plan needs. */
  readonly requirements?: Requirements
}

/** @throws UserError kernels-unsupported where `kernelSupport` names node-seal; not-enough-memory */
export async function openKernels(plan: Plan, options: KernelOptions = {}): Promise<OpenKernels> {
  const { threads = 1, kinds, requirements, limitBytes = MAX_MEMORY_BYTES, inputs } = options
  invariant(threads >= 1 && threads <= MAX_THREADS, `kernels: between 1 and ${MAX_THREADS} threads`)
  const support = kernelSupport(plan, threads, kinds)
  const { works } = chooseKernels(kinds)
  if (support.kind === 'node-seal' || !works) {
    const isNarrowed = kinds !== undefined && !kinds.includes('simd-f64')
    throw new UserError('kernels-unsupported', `The evaluation kernels cannot be used: ${support.reason}.`, {
      ...(isNarrowed && {
        hint: 'Use --evaluator simd-f64: it gives the same bits on processors without fused multiply-add.',
      }),
    })
  }
  const within = { threads, limitBytes: Math.min(limitBytes, MAX_MEMORY_BYTES), inputs }
  const layout = layOutRun(plan, within, requirements)
  if (layout.bytes > limitBytes) {
    throw new UserError('not-enough-memory', `${megabytes(layout.bytes - limitBytes)} more memory is needed.`, {
      hint: 'Keys, intermediate values and the weights of one layer must fit.',
    })
  }
  const { kind, module } = works
  const memory = sharedMemory(layout.bytes)
  const kernels = instantiateKernels(module, memory)
  const primes = allPrimesOf(plan.parameters).map(BigInt)
  writePrimeTable(memory, kernels, layout.ring.primeTable, plan.parameters.polyModulusDegree, primes)
  writeConversions(memory, plan.parameters, layout.conversions.values())
  const commands = new CommandRing(memory, kernels, layout.ring, 0)
  const encryption = layout.input && new InputEncryption({ memory, layout, commands, special: layout.ring.special })
  const encode = encryption && ((slots: Float64Array, target: KernelValue) => encryption.encode(slots, target))
  const store = new KernelStore({ memory, kernels, plan, layout, commands, encode })
  const evaluator = new KernelEvaluator({
    ...{
      parameters: plan.parameters,
      arena: new Arena(layout.valueBytes, layout.values),
      commands,
      material: store,
      shared: layout.shared,
    },
  })
  const turner = new PlaintextTurner(memory, plan.parameters.polyModulusDegree)
  try {
    const pool = await startPool(module, memory, layout.ring)
    return {
      ...{ kind, evaluator, store, memory, memoryBytes: layout.bytes, streamed: layout.streamed },
      loadInput: (bytes, register = 0) => {
        const value = newInput(plan, evaluator, register)
        store.loadInput(value, bytes)
        return value
      },
      encryptInput: (slots, key, register = 0) => {
        invariant(encryption, 'kernels: opened to encrypt inputs')
        const value = newInput(plan, evaluator, register)
        encryption.encrypt(slots, key, value)
        return value
      },
      encodeInput: (slots, register = 0) => {
        invariant(encryption, 'kernels: opened to encode inputs')
        const value = newInput(plan, evaluator, register)
        encryption.encode(slots, value)
        return value
      },
      turnInput: (source, steps) => {
        const value = evaluator.newInput(source.parts, source.primes, source.scale)
        turner.turn(source, steps, value)
        return value
      },
      close: () => {
        commands.close()
        return pool.ended()
      },
    }
  } catch (error) {
    commands.close()
    throw error
  }
}

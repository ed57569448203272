import { UserError } from '../core/errors.ts'
import type { KernelKind } from '../core/plan/evaluator-kinds.ts'
import { kernelsBase64 } from './wasm-bytes.ts'

/** What the modules of assembly/ export. Addresses and sizes are in bytes of the shared memory. */
export interface Kernels {
  smallestRoot(root: number, n: number, p: number): number
  writeRoots(roots: number, quotients: number, root: number, n: number, p: number): void
  importResidues(target: number, source: number, n: number, p: number): number
  exportResidues(target: number, source: number, n: number): void
  writePermutation(permutation: number, n: number, inverseElement: number): void
  productSum: StageKernel
  add: StageKernel
  dropPrimes: StageKernel
  lastRemainder: StageKernel
  divideByLast: StageKernel
  decompose: StageKernel
  raise: StageKernel
  specialSum: StageKernel
  mixRadix: StageKernel
  applyKeys: StageKernel
  expand: StageKernel
  redraw: StageKernel
  pack: StageKernel
  prepare: StageKernel
  takeRemainder: StageKernel
  encrypt: StageKernel
  embed: StageKernel
}

/** Runs one task of the command at that address; scratch is the calling thread's own. */
export type StageKernel = (command: number, task: number, scratch: number) => void

/** Throws WebAssembly.CompileError where the engine lacks what they need. */
export const compileKernels = (kind: KernelKind): WebAssembly.Module =>
  new WebAssembly.Module(Uint8Array.from(atob(kernelsBase64[kind]), (character) => character.charCodeAt(0)))

export const instantiateKernels = (module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels

const PAGE_BYTES = 65536

/** Memory of a fixed size that every thread can import. @throws UserError not-enough-memory */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  } catch (cause) {
    const needed = `${Math.ceil(bytes / 2 ** 20)} MiB`
    throw new UserError('not-enough-memory', `The evaluation needs ${needed} at once, which this machine refuses.`, {
      hint: 'Free memory, or give --memory: weights beyond it are read as they are needed.',
      cause,
    })
  }
}

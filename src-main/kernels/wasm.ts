import { kernelsBase64 } from './wasm-bytes.ts'

/** What the module of assembly/ exports. Addresses and sizes are in bytes of the shared memory. */
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
  specialSum: StageKernel
  applyKeys: StageKernel
  expand: StageKernel
  redraw: StageKernel
  pack: StageKernel
}

/** Runs one task of the command at that address; scratch is the calling thread's own. */
export type StageKernel = (command: number, task: number, scratch: number) => void

/** Throws WebAssembly.CompileError where the engine lacks relaxed SIMD. */
export const compileKernels = (): WebAssembly.Module => new WebAssembly.Module(Buffer.from(kernelsBase64, 'base64'))

export const instantiateKernels = (module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels

const PAGE_BYTES = 65536

/** Memory of a fixed size that every thread can import. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

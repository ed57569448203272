import { tuningBase64 } from './wasm-bytes.ts'

/** Addresses are in bytes; see assembly/index.ts. */
type Kernel = (
  target: number,
  source: number,
  other: number,
  bases: number,
  offsets: number,
  rows: number,
  taps: number,
  places: number,
  samples: number,
) => void

/** `times` runs of `count` values, `step` values apart. */
export type Runs = readonly [count: number, times: number, step: number]

export interface Kernels {
  /** (out, x, weights, …): out += W·x. */
  readonly apply: Kernel
  /** (x, out, weights, …): x += Wᵀ·out. */
  readonly applyTransposed: Kernel
  /** (lanes, x, out, …): four lanes a weight += out·xᵀ. */
  readonly gradient: Kernel
  /** (out, x, …runs, degree, nine coefficients): out = Σ cₖ·xᵏ, in double precision. */
  readonly polynomial: (out: number, x: number, ...runs: [...Runs, degree: number, ...row: number[]]) => void
  /** (into, x, out, …runs, degree, eight coefficients): into += out·Σ cₖ·xᵏ, in double precision. */
  readonly slope: (into: number, x: number, out: number, ...runs: [...Runs, degree: number, ...row: number[]]) => void
  /** out = x between two bounds. */
  readonly clamp: (out: number, x: number, count: number, least: number, most: number) => void
  /** to += from. */
  readonly add: (to: number, from: number, count: number) => void
  /** The sum of `count` values, in double precision. */
  readonly sum: (from: number, count: number) => number
}

/** The kernels that multiply by weights. */
export type LinearKernel = 'apply' | 'applyTransposed' | 'gradient'

const PAGE_BYTES = 65536
let compiled: WebAssembly.Module | undefined

/** The kernels over a memory of their own with room for `bytes`. */
export function openKernels(bytes: number): { kernels: Kernels; buffer: ArrayBuffer } {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(tuningBase64), (letter) => letter.charCodeAt(0)))
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) })
  const instance = new WebAssembly.Instance(compiled, { env: { memory } })
  return { kernels: instance.exports as unknown as Kernels, buffer: memory.buffer }
}

/** The kernels' builds, of the same sources; the better ones first. docs/kernels.md tells them apart. */
export const KERNEL_KINDS = ['relaxed-simd-f64', 'simd-f64'] as const
export type KernelKind = (typeof KERNEL_KINDS)[number]

/** What a plan can be evaluated with. */
export type EvaluatorKind = KernelKind | 'node-seal'

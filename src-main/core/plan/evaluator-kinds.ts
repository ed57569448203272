/** The builds of our own kernels, of the same sources; the better ones first. docs/kernels.md tells them apart. */
export const KERNEL_KINDS = ['relaxed-simd-f64', 'simd-f64'] as const
export type KernelKind = (typeof KERNEL_KINDS)[number]

/** What a plan is evaluated with. */
export type EvaluatorKind = KernelKind | 'node-seal'

/** What a person may ask for: the best that works, the best kernels that work, one build of them, or node-seal. */
export const EVALUATOR_CHOICES = ['auto', 'kernels', ...KERNEL_KINDS, 'seal'] as const
export type EvaluatorChoice = (typeof EVALUATOR_CHOICES)[number]

/** The kernels that a choice admits; none where it is node-seal. */
export function kernelKindsOf(choice: EvaluatorChoice): readonly KernelKind[] {
  if (choice === 'auto' || choice === 'kernels') return KERNEL_KINDS
  return choice === 'seal' ? [] : [choice]
}

/**
 * Evaluators that give the same bits for the same plan, on every machine and with any number of threads: both builds of
 * the kernels, which let the rotations of one value that stand together share a decomposition with centred digits; and
 * node-seal, which rotates one by one. The number changes when the bits do.
 */
export const EVALUATOR_FAMILIES = ['kernels-1', 'seal-1'] as const
export type EvaluatorFamily = (typeof EVALUATOR_FAMILIES)[number]

/** Evaluators of one family give the same ciphertexts bit by bit. */
export const familyOf = (kind: EvaluatorKind): EvaluatorFamily => (kind === 'node-seal' ? 'seal-1' : 'kernels-1')

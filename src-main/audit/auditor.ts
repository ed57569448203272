import { judge, type AuditCase, type Finding } from '../core/bundle/audit-case.ts'
import type { Receipt } from '../core/bundle/receipt.ts'
import { UserError } from '../core/errors.ts'
import type { EvaluatorChoice, EvaluatorFamily } from '../core/plan/evaluator-kinds.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { Job } from '../edge/compute-job.ts'
import { checkSegmentInput } from '../edge/segment-runner.ts'
import { Engines } from '../edge/serve/engines.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'

export interface AuditorOptions {
  readonly bundle: string
  readonly trust: Trust
  readonly threads: number
}

/** Which evaluators give a family's bits. None stands in for another family. */
const choiceOf: Record<EvaluatorFamily, EvaluatorChoice> = { 'kernels-1': 'kernels', 'seal-1': 'seal' }

/** What an opening may be so wrong that no segment takes it. */
const unusable = ['wrong-shape', 'input-out-of-range', 'damaged-data']

/**
 * Computes jobs again and compares. It holds the bundle and no secret: what it says, anybody with the bundle can find too.
 * Receipts say which family of evaluators to use; a segment is loaded when the first case needs it.
 */
export class Auditor {
  readonly deploymentId: string
  readonly bundleSha256: string
  readonly #plans: ReadonlyMap<number, Plan>
  readonly #engines: Record<EvaluatorFamily, Engines>

  private constructor(bundle: Bundle, plans: ReadonlyMap<number, Plan>, { threads }: AuditorOptions) {
    this.deploymentId = bundle.manifest.deploymentId
    this.bundleSha256 = bundle.sha256
    this.#plans = plans
    const engines = (family: EvaluatorFamily): Engines => {
      const options = { threads, evaluator: choiceOf[family] }
      return new Engines({ bundle: bundle.path, bundleSha256: bundle.sha256, options }, () => {})
    }
    this.#engines = { 'kernels-1': engines('kernels-1'), 'seal-1': engines('seal-1') }
  }

  /** Verifies every byte of the bundle. Throws UserError what opening it says. */
  static async open(options: AuditorOptions): Promise<Auditor> {
    const bundle = await Bundle.open(options.bundle, options.trust)
    try {
      const plans = new Map<number, Plan>()
      for (const segment of bundle.manifest.segments) plans.set(segment.index, await bundle.plan(segment))
      return new Auditor(bundle, plans, options)
    } finally {
      await bundle.close()
    }
  }

  /**
   * The finding is about the receipt; errors are about the case or this machine.
   * @throws UserError audit-of-another-bundle, kernels-unsupported, not-enough-memory
   */
  async audit(given: AuditCase): Promise<Finding> {
    const { receipt, opening } = given
    const { segment, evaluator } = receipt
    const plan = this.#plans.get(segment)
    if (receipt.bundleSha256 !== this.bundleSha256 || !plan) {
      throw new UserError('audit-of-another-bundle', 'The receipt is of another bundle than this one.')
    }
    if (!opening) return { agrees: false, fault: 'no-opening' }
    const job = jobOf(receipt, opening)
    if (!job) return { agrees: false, fault: 'unusable' }
    try {
      checkSegmentInput(plan, job.input)
      const replayed = await this.#engines[evaluator].run(job)
      return judge(receipt, replayed.receipt)
    } catch (error) {
      if (error instanceof UserError && unusable.includes(error.code)) return { agrees: false, fault: 'unusable' }
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#engines).map((engines) => engines.end()))
  }
}

/**
 * A first segment's ciphertexts prove nothing, since they could be any of the bundle's: its values must be opened. Later
 * segments have ciphertexts alone.
 */
function jobOf({ job, segment }: Receipt, opening: NonNullable<AuditCase['opening']>): Job | undefined {
  if ((segment === 0) !== (opening.kind === 'values')) return undefined
  const input = opening.kind === 'values' ? { job, seed: opening.seed, values: opening.values } : opening.ciphertexts
  return { id: job, segment, input }
}

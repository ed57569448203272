import { present } from '../core/must.ts'
import { judge, type AuditCase, type Finding } from '../core/bundle/audit-case.ts'
import { UserError } from '../core/errors.ts'
import type { EvaluatorChoice, EvaluatorFamily } from '../core/plan/evaluator-kinds.ts'
import type { Plan } from '../core/plan/plan.ts'
import { jobOfCase } from '../edge/compute-job.ts'
import { checkSegmentInput } from '../edge/segment-runner.ts'
import { Engines } from '../edge/serve/engines.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'

export interface AuditorOptions {
  /** One with all segments, or those of the nodes of one deployment. */
  readonly bundles: readonly string[]
  readonly trust: Trust
  readonly threads: number
}

/** Which evaluators give a family's bits. None stands in for another family. */
const choiceOf: Record<EvaluatorFamily, EvaluatorChoice> = { 'kernels-1': 'kernels', 'seal-1': 'seal' }

/** What an opening may be so wrong that no segment takes it. */
const unusable = ['wrong-shape', 'input-out-of-range', 'damaged-data']

/** A bundle with what computes its segments; each is loaded when the first case needs it. */
interface Held {
  readonly deploymentId: string
  readonly sha256: string
  readonly plans: ReadonlyMap<number, Plan>
  readonly engines: Record<EvaluatorFamily, Engines>
}

/**
 * Computes jobs again and compares. It holds bundles and no secret key: what it says, anybody with the bundle can find too.
 * Receipts say which family of evaluators to use.
 */
export class Auditor {
  readonly #held: readonly Held[]

  private constructor(held: readonly Held[]) {
    this.#held = held
  }

  /** Verifies every byte of the bundles. Throws UserError what opening one says, 'bad-arguments'. */
  static async open(options: AuditorOptions): Promise<Auditor> {
    const held: Held[] = []
    for (const path of options.bundles) held.push(await hold(path, options))
    if (new Set(held.map(({ deploymentId }) => deploymentId)).size !== 1) {
      throw new UserError('bad-arguments', 'An auditor is for one deployment: its bundle, or those of its nodes.')
    }
    return new Auditor(held)
  }

  get deploymentId(): string {
    return present(this.#held[0]).deploymentId
  }

  get bundles(): readonly string[] {
    return this.#held.map(({ sha256 }) => sha256)
  }

  /**
   * The finding is about the receipt; errors are about the case or this machine.
   * @throws UserError audit-of-another-bundle, kernels-unsupported, not-enough-memory
   */
  async audit(given: AuditCase): Promise<Finding> {
    const { receipt, opening } = given
    const { segment, evaluator } = receipt
    const held = this.#held.find(({ sha256 }) => sha256 === receipt.bundleSha256)
    const plan = held?.plans.get(segment)
    if (!held || !plan)
      throw new UserError('audit-of-another-bundle', 'The receipt is of another bundle than this one.')
    if (!opening) return { agrees: false, fault: 'no-opening' }
    const job = jobOfCase(given)
    if (!job) return { agrees: false, fault: 'unusable' }
    try {
      checkSegmentInput(plan, job.input)
      const replayed = await held.engines[evaluator].run(job)
      return judge(receipt, replayed.receipt)
    } catch (error) {
      if (error instanceof UserError && unusable.includes(error.code)) return { agrees: false, fault: 'unusable' }
      throw error
    }
  }

  async close(): Promise<void> {
    const engines = this.#held.flatMap((held) => Object.values(held.engines))
    await Promise.all(engines.map((each) => each.end()))
  }
}

async function hold(path: string, { trust, threads }: AuditorOptions): Promise<Held> {
  const bundle = await Bundle.open(path, trust)
  try {
    const plans = new Map<number, Plan>()
    for (const segment of bundle.manifest.segments) plans.set(segment.index, await bundle.plan(segment))
    const { sha256 } = bundle
    const engines = (family: EvaluatorFamily): Engines =>
      new Engines({ bundle: path, bundleSha256: sha256, options: { threads, evaluator: choiceOf[family] } }, () => {})
    return {
      ...{ deploymentId: bundle.manifest.deploymentId, sha256, plans },
      engines: { 'kernels-1': engines('kernels-1'), 'seal-1': engines('seal-1') },
    }
  } finally {
    await bundle.close()
  }
}

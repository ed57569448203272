import { present } from '../core/must.ts'
import { decodeAccuracyCard, type AccuracyCard } from '../core/bundle/accuracy-card.ts'
import {
  checkBill,
  segmentParameters,
  type BilledLibrary,
  type SegmentParameters,
} from '../core/bundle/bill-of-materials.ts'
import type { Plan } from '../core/plan/plan.ts'
import { LOG_QP_TABLE } from '../core/plan/security.ts'
import type { Bundle } from '../files/open-bundle.ts'

/** What a bundle states of itself, for people. */
export interface Statements {
  readonly parameters: readonly SegmentParameters[]
  /** The source of `logQPBound`. */
  readonly logQPTable: string
  /** Software that made it; absent in bundles before version 4. */
  readonly madeWith?: readonly BilledLibrary[]
  /** Absent in bundles before version 4. */
  readonly accuracy?: AccuracyCard
}

/** Parameters come from the plans, which the bill of materials has to agree with. @throws UserError damaged-bundle */
export async function readStatements(bundle: Bundle, plans: readonly Plan[]): Promise<Statements> {
  const { segments, documents } = bundle.manifest
  const parameters = plans.map((plan, i) => segmentParameters(present(segments[i]).index, plan.parameters))
  const stated = { parameters, logQPTable: LOG_QP_TABLE }
  if (!documents) return stated
  return {
    ...stated,
    madeWith: checkBill(await bundle.entry(documents.bom), parameters),
    accuracy: decodeAccuracyCard(await bundle.entry(documents.accuracy)),
  }
}

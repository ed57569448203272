import { decodePlan, encodePlan } from '../core/bundle/plan-json.ts'
import { UserError } from '../core/errors.ts'
import type { Plan } from '../core/plan/plan.ts'
import { stepCounter, type WorkContext } from '../core/progress.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import type { OwnerKey } from '../seal/secret.ts'
import type { Lock } from './age.ts'
import { planName, secretName, stepName } from './deployment.ts'
import type { DeploymentDraft } from './key-store.ts'
import { segmentEntries, type SegmentEntries } from './segment-entries.ts'
import { encodeStep } from './step-json.ts'
import { StretchKey } from './stretch-key.ts'

export interface PreparedSegments {
  readonly segments: readonly SegmentEntries[]
  /** Forgets keys that are still open. */
  delete(): void
}

/**
 * What each segment's bundle entries are made from. Keys, one for all segments between two refreshes, are made and kept
 * in the draft when the first of their entries is written, and forgotten after the last; segments are to be written in order.
 */
export async function prepareSegments(
  { segments, cuts, lock }: PlannedSegments & { readonly lock: Lock },
  draft: DeploymentDraft,
  work: WorkContext,
): Promise<PreparedSegments> {
  let count = (_detail: string): void => {}
  const prepared: SegmentEntries[] = []
  const plans = segments.map(({ plan }) => encodeReadablePlan(plan))
  const keys: StretchKey[] = []
  for (const [index, network] of segments.entries()) {
    if (cuts[index - 1]?.kind !== 'hand-off') {
      const keep = (secret: Uint8Array): Promise<void> => draft.writeSecret(secretName(index), secret, lock)
      keys.push(new StretchKey(network.plan.parameters, keep))
    }
    const own = keys.length - 1
    const openKey = async (): Promise<OwnerKey> => {
      keys.slice(0, own).forEach((earlier) => earlier.delete())
      return await keys[own].open()
    }
    prepared.push(segmentEntries(index, network, openKey, (detail) => count(detail)))
    await draft.write(planName(index), plans[index])
    const after = cuts[index]
    if (after?.kind === 'exact') await draft.writeSecret(stepName(index), encodeStep(after.step), lock)
  }
  const total = prepared.reduce((sum, { steps }) => sum + steps, 0)
  count = stepCounter(work, 'encrypt', total)
  return { segments: prepared, delete: () => keys.forEach((key) => key.delete()) }
}

/** Throws UserError 'plan-not-exportable' where a reader of the bundle would refuse the plan. */
function encodeReadablePlan(plan: Plan): Uint8Array {
  const bytes = encodePlan(plan)
  try {
    decodePlan(bytes)
  } catch (cause) {
    throw new UserError('plan-not-exportable', `No edge could run this network: ${(cause as Error).message}`, { cause })
  }
  return bytes
}

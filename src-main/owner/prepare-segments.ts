import { decodePlan, encodePlan } from '../core/bundle/plan-json.ts'
import { UserError } from '../core/errors.ts'
import type { HeldKeys } from '../core/bundle/manifest.ts'
import type { Plan } from '../core/plan/plan.ts'
import { stepCounter, type WorkContext } from '../core/progress.ts'
import type { PlannedSegments } from '../core/segment/plan-segments.ts'
import type { SealContext } from '../seal/public.ts'
import type { OwnerKey } from '../seal/secret.ts'
import type { Lock } from './age.ts'
import { planName, stepName } from './deployment.ts'
import { segmentEntries, type SegmentEntries } from './segment-entries.ts'
import { encodeStep } from './step-json.ts'
import { StretchKey, type ObtainKey } from './stretch-key.ts'
import { present, lastOf } from '../core/must.ts'

export interface PreparedSegments {
  readonly segments: readonly SegmentEntries[]
  /** Forgets keys that are still open. */
  delete(): void
}

/** Where the owner's files of a deployment go. */
export interface OwnerFiles {
  write(name: string, content: Uint8Array | string): Promise<void>
  writeSecret(name: string, secret: Uint8Array, lock: Lock): Promise<void>
}

export interface KeySource {
  /** The key of the stretch that begins with a segment. */
  readonly obtainKey: (segment: number, context: SealContext) => ReturnType<ObtainKey>
  /** Of an update: its number, and the keys that need not be written again. */
  readonly update?: { readonly number: number; readonly held: HeldKeys }
}

/**
 * What each segment's bundle entries are made from. Keys, one for all segments between two refreshes, are obtained
 * when the first of their entries is written, and forgotten after the last; segments are to be written in order.
 */
export async function prepareSegments(
  { segments, cuts, lock }: PlannedSegments & { readonly lock: Lock },
  files: OwnerFiles,
  work: WorkContext,
  { obtainKey, update }: KeySource,
): Promise<PreparedSegments> {
  let count = (_detail: string): void => {}
  const prepared: SegmentEntries[] = []
  const plans = segments.map(({ plan }) => encodeReadablePlan(plan))
  const keys: StretchKey[] = []
  for (const [index, network] of segments.entries()) {
    if (cuts[index - 1]?.kind !== 'hand-off') {
      keys.push(new StretchKey(network.plan.parameters, (context) => obtainKey(index, context)))
    }
    const own = keys.length - 1
    const key = lastOf(keys)
    const openKey = async (): Promise<OwnerKey> => {
      keys.slice(0, own).forEach((earlier) => earlier.delete())
      return await key.open()
    }
    prepared.push(segmentEntries(index, network, openKey, (detail) => count(detail), update))
    await files.write(planName(index, update?.number), present(plans[index]))
    const after = cuts[index]
    if (after?.kind === 'exact') {
      await files.writeSecret(stepName(index, update?.number), encodeStep(after.step), lock)
    }
  }
  const total = prepared.reduce((sum, { steps }) => sum + steps, 0)
  count = stepCounter(work, 'encrypt', total)
  return { segments: prepared, delete: () => keys.forEach((key) => key.delete()) }
}

/** @throws UserError plan-not-exportable where a reader of the bundle would refuse the plan */
function encodeReadablePlan(plan: Plan): Uint8Array {
  const bytes = encodePlan(plan)
  try {
    decodePlan(bytes)
  } catch (cause) {
    throw new UserError('plan-not-exportable', `No edge could run this network: ${(cause as Error).message}`, { cause })
  }
  return bytes
}

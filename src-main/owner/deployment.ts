import { z } from 'zod'
import { auditPolicySchema } from '../core/bundle/audit-policy.ts'
import { heldKeysSchema, revealPolicySchema } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'
import { CUT_KINDS, maxSegments, type CutKind } from '../core/segment/cut.ts'

import { tailSchema } from './tail-record.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** What the owner keeps of one deployment beside its secrets. */
const deploymentSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  created: z.iso.datetime(),
  model: z.strictObject({
    name: z.string(),
    sha256,
    finish: z.enum(['none', 'softmax', 'log-softmax', 'sigmoid', 'argmax']),
    /** What the owner computes after that, where there is more. */
    tail: tailSchema.optional(),
    labels: z.array(z.string()).optional(),
    /** Several outputs that are quantities: none of them is a label. */
    quantities: z.literal(true).optional(),
  }),
  reveal: revealPolicySchema,
  /** Jobs that are computed again before they are answered; none where it is absent. */
  audit: auditPolicySchema.optional(),
  flooding: z.strictObject({
    noise: z.number().positive(),
    spread: z.number().nonnegative(),
    releases: z.int().positive(),
    statisticalBits: z.int().min(30).max(128),
    largestDeviation: z.number().nonnegative().optional(),
  }),
  /** Distinct encrypted numbers, and N of the smallest key of all segments: what the budget is computed from. */
  weights: z.int().min(0),
  smallestDegree: z.int().min(1024).optional(),
  outputs: z.int().min(1),
  /** Images that one result answers. */
  batch: z.int().min(1),
  segments: z.int().min(1).max(maxSegments),
  /** What happens after each segment but the last; refreshes where it is absent. */
  cuts: z.array(z.enum(CUT_KINDS)).optional(),
  bundles: z.array(
    z.strictObject({
      sha256,
      path: z.string(),
      bytes: z.int(),
      created: z.iso.datetime(),
      /** Segments that it holds, from 0; all where it is absent. */
      segments: z.array(z.int().min(0)).optional(),
      /** Which update brought it; absent for the first export. */
      update: z.int().min(1).optional(),
    }),
  ),
  /** The last update: results of bundles before it are not opened. */
  update: z.int().min(1).optional(),
  /** The public keys of all segments as the last bundles have them; absent in records of older programs. */
  keys: heldKeysSchema.optional(),
  revoked: z.iso.datetime().optional(),
})

export type Deployment = z.infer<typeof deploymentSchema>
export type DeploymentModel = Deployment['model']

/** What happens after a segment; undefined after the last. */
export const cutAfter = ({ segments, cuts }: Deployment, segment: number): CutKind | undefined =>
  segment + 1 < segments ? (cuts?.[segment] ?? 'refresh') : undefined

/** The first of the segments that share a segment's key: those between two refreshes. */
export function firstUnderKeyOf(deployment: Deployment, segment: number): number {
  let first = segment
  while (first > 0 && cutAfter(deployment, first - 1) === 'hand-off') first -= 1
  return first
}

/** @throws UserError deployment-revoked */
export function refuseRevoked({ revoked }: Deployment): void {
  if (revoked !== undefined) throw new UserError('deployment-revoked', `The deployment was revoked on ${revoked}.`)
}

export const secretName = (segment: number): string => `secret-${segment}`
/** What the owner computes between a segment and the next, since an update. */
export const stepName = (segment: number, update?: number): string => `step-${segment}${suffixOf(update)}`
export const planName = (segment: number, update?: number): string => `plan-${segment}${suffixOf(update)}.json`
const suffixOf = (update?: number): string => (update === undefined ? '' : `-update-${update}`)

export const encodeDeployment = (deployment: Deployment): string => `${JSON.stringify(deployment, null, 2)}\n`

/** @throws UserError damaged-key-store */
export function decodeDeployment(text: string, file: string): Deployment {
  try {
    return deploymentSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError('damaged-key-store', `${file} is not the record of a deployment.`, { where: { file }, cause })
  }
}

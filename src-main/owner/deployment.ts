import { z } from 'zod'
import { revealPolicySchema } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'

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
    labels: z.array(z.string()).optional(),
  }),
  reveal: revealPolicySchema,
  flooding: z.strictObject({
    noise: z.number().positive(),
    spread: z.number().nonnegative(),
    releases: z.int().positive(),
    statisticalBits: z.int().min(30).max(128),
  }),
  /** Distinct encrypted numbers, and outputs of the network: what the default quota is computed from. */
  weights: z.int().min(0),
  outputs: z.int().min(1),
  /** Images that one result answers. */
  batch: z.int().min(1),
  segments: z.int().min(1).max(64),
  bundles: z.array(z.strictObject({ sha256, path: z.string(), bytes: z.int(), created: z.iso.datetime() })),
  revoked: z.iso.datetime().optional(),
})

export type Deployment = z.infer<typeof deploymentSchema>
export type DeploymentModel = Deployment['model']

export const encodeDeployment = (deployment: Deployment): string => `${JSON.stringify(deployment, null, 2)}\n`

/** Throws UserError 'damaged-key-store'. */
export function decodeDeployment(text: string, file: string): Deployment {
  try {
    return deploymentSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError('damaged-key-store', `${file} is not the record of a deployment.`, { where: { file }, cause })
  }
}

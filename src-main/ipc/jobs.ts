/** The jobs a window may start, and what it is told about them. */
import { z } from 'zod'
import { errorView, progressView } from './views.ts'

const count = z.number().int().nonnegative()
const seconds = z.number().nonnegative()
/** null where the format has no number for it (JSON has no NaN). */
const label = z.number().int()

export const layerView = z.object({
  name: z.string(),
  operator: z.string(),
  /** Output, [channels, height, width]; absent where it is not known. */
  shape: z.array(z.number()).readonly().optional(),
  parameters: count.optional(),
  multiplications: count.optional(),
  /** What the layer becomes, in words; absent where it is unsupported. */
  becomes: z.string().optional(),
  depth: count.optional(),
})
export type LayerView = z.infer<typeof layerView>

export const unsupportedView = z.object({
  node: z.string(),
  operator: z.string(),
  reason: z.string(),
  help: z.string().optional(),
})

export const networkPicture = z.object({
  nodes: z
    .array(
      z.object({
        id: z.string(),
        operator: z.string(),
        sources: z.array(z.string()).readonly(),
        shape: z.array(z.number()).readonly().optional(),
        weights: z
          .object({
            count,
            least: z.number(),
            most: z.number(),
            mean: z.number(),
            deviation: z.number(),
            histogram: z.array(count).readonly(),
          })
          .optional(),
      }),
    )
    .readonly(),
  edges: z.array(z.object({ from: z.string(), to: z.string() })).readonly(),
})
export type NetworkPicture = z.infer<typeof networkPicture>

export const inspection = z.object({
  name: z.string(),
  producer: z.string().optional(),
  opset: count.optional(),
  inputShape: z.array(z.number()).readonly().optional(),
  supported: z.boolean(),
  unsupported: z.array(unsupportedView).readonly(),
  layers: z.array(layerView).readonly(),
  depth: count.optional(),
  parameters: count,
  /** `normalised` is absent where the network cannot be protected. */
  pictures: z.object({ original: networkPicture, normalised: networkPicture.optional() }),
})
export type Inspection = z.infer<typeof inspection>

const point = z.object({ x: z.number(), y: z.number() })
export const activationPlot = z.object({
  id: z.string(),
  original: z.string(),
  degree: count,
  channels: count,
  rootMeanSquareError: z.number(),
  range: z.tuple([z.number(), z.number()]).readonly(),
  rangeMargin: z.number(),
  histogram: z.array(count).readonly(),
  exact: z.array(point).readonly().optional(),
  fan: z.array(z.array(point).readonly()).readonly(),
})
export type ActivationPlot = z.infer<typeof activationPlot>

export const activations = z.object({
  samples: count,
  agreement: z.number(),
  layers: z.array(activationPlot).readonly(),
})

/** A grey or colour picture to look at: values 0 to 255, channels last. */
export const pictureView = z.object({
  width: count,
  height: count,
  channels: count,
  values: z.array(z.number()).readonly(),
})
export type PictureView = z.infer<typeof pictureView>

export const comparison = z.object({
  samples: z.array(
    z.object({
      picture: pictureView.optional(),
      truth: label.optional(),
      original: label,
      polynomial: label,
      encrypted: label,
      /** Encrypted against polynomial scores. */
      maxAbsDifference: z.number(),
      /** Largest |score| of the polynomial network. */
      maxAbsLogit: z.number(),
      seconds,
    }),
  ),
  stages: z.array(z.object({ name: z.string(), seconds })).readonly(),
  bundleBytes: count,
  keyBytes: count,
  polyModulusDegree: count,
  logQP: z.number(),
  seconds,
})
export type Comparison = z.infer<typeof comparison>

export const probeResult = z.object({
  original: z.array(z.number()).readonly(),
  encrypted: z.array(z.number()).readonly(),
  seconds,
})

const share = z.number()
const confusion = z.array(z.array(count).readonly()).readonly().optional()
export const accuracy = z.object({
  samples: count,
  original: z.object({ accuracy: share.optional(), confusion }),
  polynomial: z.object({ accuracy: share.optional(), agreement: share, confusion }),
  encrypted: z
    .object({
      samples: count,
      accuracy: share.optional(),
      agreement: share,
      agreementWithPolynomial: share,
      noise: z.object({ largest: z.number(), marginBound: z.number(), flippable: share }),
    })
    .optional(),
  worst: z
    .array(
      z.object({
        index: count,
        picture: pictureView,
        truth: label.optional(),
        original: label,
        polynomial: label,
        originalMargin: z.number(),
        polynomialMargin: z.number(),
      }),
    )
    .readonly(),
  layers: z
    .array(
      z.object({
        name: z.string(),
        degree: count,
        errorAdded: z.number(),
        rangeMargin: z.number(),
        outOfRange: z.number(),
      }),
    )
    .readonly(),
  warnings: z.array(z.string()).readonly(),
  seconds,
})
export type Accuracy = z.infer<typeof accuracy>

/** What protecting will cost, before any key is made. */
export const forecast = z.object({
  polyModulusDegree: count,
  logQP: z.number(),
  bundleBytes: z.number(),
  keyBytes: z.number(),
  edgeMemoryBytes: z.number(),
  edgeSeconds: seconds,
})

export const exported = z.object({
  fileName: z.string(),
  deployment: z.string(),
  bundleSha256: z.string(),
  signer: z.string().optional(),
  bundleBytes: count,
  keyBytes: count,
  polyModulusDegree: count,
  logQP: z.number(),
  seconds,
  stages: z.array(z.object({ name: z.string(), seconds })).readonly(),
})
export type Exported = z.infer<typeof exported>

/** One deployment of the key store: nothing secret, and no path. */
export const deployment = z.object({
  id: z.string(),
  created: z.string(),
  model: z.string(),
  reveal: z.string(),
  bundles: z.array(z.object({ sha256: z.string(), bytes: count, created: z.string() })).readonly(),
  revoked: z.string().optional(),
})
export type Deployment = z.infer<typeof deployment>
export const keyStore = z.object({ deployments: z.array(deployment).readonly() })

export const jobResults = {
  inspect: inspection,
  activations,
  validate: accuracy,
  forecast,
  protect: exported,
  trial: comparison,
  probe: probeResult,
  keys: keyStore,
}
export type JobName = keyof typeof jobResults
export type JobResult<N extends JobName> = z.infer<(typeof jobResults)[N]>

const side = z.number().int().min(1).max(256)
const drawing = z
  .strictObject({ width: side, height: side, values: z.array(z.number().min(0).max(255)).max(65_536) })
  .refine(({ width, height, values }) => values.length === width * height, 'one value per pixel is needed')

export const jobRequest = z.discriminatedUnion('job', [
  z.strictObject({ job: z.literal('inspect') }),
  z.strictObject({ job: z.literal('activations') }),
  z.strictObject({ job: z.literal('trial'), samples: z.number().int().min(1).max(10) }),
  z.strictObject({ job: z.literal('probe'), picture: drawing }),
  z.strictObject({ job: z.literal('validate'), encrypted: z.number().int().min(0).max(1000) }),
  z.strictObject({ job: z.literal('forecast') }),
  z.strictObject({
    job: z.literal('protect'),
    passphrase: z.string().min(8).max(1024),
    reveal: z.enum(['label', 'top-k', 'scores']),
  }),
  z.strictObject({
    job: z.literal('keys'),
    act: z.enum(['list', 'back-up', 'restore', 'revoke', 'destroy']),
    deployment: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
  }),
])
export type JobRequest = z.infer<typeof jobRequest>

const jobId = z.string().max(64)
const about = {
  jobId,
  job: z.enum(['inspect', 'activations', 'validate', 'forecast', 'protect', 'trial', 'probe', 'keys']),
}
export const jobUpdate = z.discriminatedUnion('state', [
  z.object({ ...about, state: z.literal('running'), event: progressView.optional() }),
  z.object({ ...about, state: z.literal('done'), value: z.unknown() }),
  z.object({ ...about, state: z.literal('failed'), error: errorView }),
  z.object({ ...about, state: z.literal('cancelled') }),
])
export type JobUpdate = z.infer<typeof jobUpdate>

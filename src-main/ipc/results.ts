/** What the jobs answer, as much of it as the window shows. */
import { z } from 'zod'
import { CUT_KINDS } from '../core/segment/cut.ts'
import { count } from './count.ts'
import { pictureView } from './picture.ts'
import { cut, degree, errorView, split } from './views.ts'

const seconds = z.number().nonnegative()
const label = z.number().int()

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

const range = z.object({ least: z.number(), most: z.number() })
/** What is in a set of samples. */
export const dataLook = z.object({
  count,
  shape: z.array(z.number()).readonly(),
  /** One line of values for each channel, rather than a picture. */
  isSignal: z.boolean(),
  pictures: z.array(pictureView).readonly(),
  /** The first of them as the network gets it. */
  fedPicture: pictureView.optional(),
  /** Values of some of them, as they are and as the network takes them. */
  raw: range,
  fed: range,
  /** The most frequent ones, and how many there are. */
  classes: z
    .array(z.object({ name: z.string(), count }))
    .readonly()
    .optional(),
  classCount: count.optional(),
  alarms: z.array(z.string()).readonly(),
  warnings: z.array(z.string()).readonly(),
})
export type DataLook = z.infer<typeof dataLook>
const looked = z.object({ found: dataLook.optional(), problem: errorView.optional() })
export const lookResult = z.object({ calibration: looked.optional(), inputs: looked.optional() })
export type LookResult = z.infer<typeof lookResult>

/** How often the original network is right on labelled samples, as it is fed and with usual preprocessings, best first. */
export const originalTrial = z.object({
  samples: count,
  accuracy: z.number(),
  presets: z
    .array(
      z.object({
        preset: z.string(),
        reversed: z.boolean().optional(),
        unscaled: z.boolean().optional(),
        accuracy: z.number(),
      }),
    )
    .readonly()
    .optional(),
  reordered: z.number().optional(),
  classes: count,
})
export type OriginalTrialView = z.infer<typeof originalTrial>

/** JSON knows no infinity: what is not finite comes as null, and is as far off as can be written. */
const relativeError = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.MAX_VALUE)
/** What a replacement keeps, on samples that its fit has not seen. */
export const kept = z.object({
  samples: count,
  keptLabels: z.number(),
  /** Lower end of the 95 % interval. */
  keptLow: z.number(),
  relativeError,
  judgedBy: z.enum(['labels', 'relative-error']),
})
export type KeptView = z.infer<typeof kept>

export const activations = z.object({
  kept: kept.optional(),
  /** Samples that the fit has seen, and the share of them that keep their label. */
  samples: count,
  agreement: z.number(),
  layers: z.array(activationPlot).readonly(),
})

/** One deployment that was compared, with what it keeps and costs; bytes and seconds are of one sample. */
export const candidate = z.object({
  words: z.string(),
  degree,
  degrees: z.record(z.string(), degree),
  splitPools: z.boolean(),
  split,
  ...kept.omit({ samples: true }).shape,
  cuts: z.array(cut).readonly(),
  segments: count,
  refreshes: count,
  edgeSeconds: seconds,
  edgeMemoryBytes: z.number(),
  bundleBytes: z.number(),
  updateBytes: z.number(),
  trafficBytes: z.number(),
  ownerSeconds: seconds,
  clearSeconds: seconds,
})
export type CandidateView = z.infer<typeof candidate>
export const advice = z.object({
  candidates: z.array(candidate).readonly(),
  /** Those that another beats in every respect. */
  beaten: z.array(candidate).readonly(),
  impossible: z.array(z.object({ words: z.string(), problem: z.string() })).readonly(),
  /** What was not compared because the network is deep, in words. */
  leftOut: z.string().optional(),
  complete: z.boolean(),
  seconds,
})
export type AdviceView = z.infer<typeof advice>

const scores = z.array(z.number()).readonly()
/** One segment's part of an inference. */
const segmentRun = z.object({
  segment: count,
  seconds,
  /** What happens behind it, and the owner's time there; absent for the last one. */
  cut: z.enum(CUT_KINDS).optional(),
  ownerSeconds: seconds.optional(),
  sentBytes: count,
  layers: z.array(z.object({ name: z.string(), seconds })).readonly(),
})
export type SegmentRun = z.infer<typeof segmentRun>
export const testedSample = z.object({
  index: count,
  picture: pictureView.optional(),
  truth: label.optional(),
  original: label,
  polynomial: label.optional(),
  /** Absent where the result is noise: on this sample the polynomial network is beyond all sense. */
  encrypted: label.optional(),
  /** Of the samples that are shown with their pictures. */
  scores: z.object({ original: scores, polynomial: scores.optional(), encrypted: scores.optional() }).optional(),
  /** Largest |encrypted − polynomial|, and the largest |score| of the polynomial network. */
  maxAbsDifference: z.number().optional(),
  maxAbsLogit: z.number().optional(),
  /** Between the original's top two scores. */
  margin: z.number(),
  /** Of the edge's computing, without loading. */
  seconds,
})
export type TestedSample = z.infer<typeof testedSample>

/** Inputs that were computed under encryption, beside what the other networks make of them. */
export const tested = z.object({
  samples: z.array(testedSample).readonly(),
  /** The network gives one quantity: labels mean nothing, scores are what it says. */
  isQuantity: z.boolean(),
  /** Of the last input, or the medians of a batch. */
  segments: z.array(segmentRun).readonly(),
  loadSeconds: seconds,
  seconds,
})
export type Tested = z.infer<typeof tested>

/** A bundle sealed under throw-away keys, and the first inputs on it. */
export const trial = z.object({
  bundleBytes: count,
  keyBytes: count,
  polyModulusDegree: count,
  logQP: z.number(),
  tested,
})
export type Trial = z.infer<typeof trial>

/** What answers may give away before the network has to be exported again; scores are measured at export. */
const budgetForecast = z.object({
  bitsAllowed: z.number(),
  answers: z
    .array(
      z.object({
        reveal: z.enum(['label', 'top-k']),
        bitsPerAnswer: z.number(),
        answers: count,
        audited: z.array(z.object({ rate: z.number(), bitsBeforeCaught: z.number() })).readonly(),
      }),
    )
    .readonly(),
})

/** One part of a split network: what it does, needs, moves and sees. Bytes are of ciphertexts. */
const plannedSegment = z.object({
  levels: count,
  depth: count,
  polyModulusDegree: count,
  logQP: z.number(),
  maxLogQP: z.number(),
  bundleBytes: z.number(),
  keyBytes: z.number(),
  edgeMemoryBytes: z.number(),
  leastEdgeMemoryBytes: z.number(),
  expandedWeights: count,
  expansionSeconds: seconds,
  edgeSeconds: seconds,
  receivedBytes: z.number(),
  sentBytes: z.number(),
  sees: z.object({
    input: z.enum(['own-samples', 'ciphertexts']),
    inputElements: count,
    outputElements: count,
    layers: z.array(z.object({ name: z.string(), kind: z.string(), shape: z.array(z.number()).readonly() })).readonly(),
  }),
})
export type PlannedSegment = z.infer<typeof plannedSegment>
export const splitPlan = z.object({
  segments: z.array(plannedSegment).readonly(),
  cuts: z.array(cut).readonly(),
  /** Where the network may be cut, and how. */
  cutPoints: z.array(z.object({ after: z.string(), kinds: z.array(z.enum(CUT_KINDS)).readonly() })).readonly(),
  /** Planned from a fit, or from the network alone: then figures are a range. */
  basis: z.enum(['fit', 'network']),
  forecast: z.object({ bundleBytes: range, edgeMemoryBytes: range, edgeSeconds: range }).optional(),
  budget: budgetForecast,
  seconds,
})
export type SplitPlan = z.infer<typeof splitPlan>
export const proposals = z.object({
  proposals: z.array(z.object({ split, plan: splitPlan.optional(), problem: z.string().optional() })).readonly(),
})
export type Proposal = z.infer<typeof proposals>['proposals'][number]

/** What a bundle says of itself: all that a node can see without a key. */
export const bundle = z.object({
  fileName: z.string(),
  bytes: count,
  sha256: z.string(),
  deployment: z.string(),
  created: z.string(),
  model: z.string(),
  reveal: z.string(),
  /** Fingerprint of the key that signed it; absent where nobody did. */
  signer: z.string().optional(),
  segments: z
    .array(
      z.object({
        /** Its place in the network, from 0. */
        index: count,
        polyModulusDegree: count,
        logQP: z.number(),
        inputMode: z.string(),
        inputShape: z.array(z.number()).readonly(),
        outputShape: z.array(z.number()).readonly(),
        weights: count,
        layers: count,
      }),
    )
    .readonly(),
  entries: z.array(z.object({ name: z.string(), bytes: count, sha256: z.string() })).readonly(),
})
export type BundleView = z.infer<typeof bundle>

export const exported = z.object({
  /** Of the folder with a bundle for each node; absent where one bundle holds all. */
  folderName: z.string().optional(),
  bundles: z.array(bundle).min(1).readonly(),
  kept: kept.optional(),
  keyBytes: count,
  /** Of one input, as planned; absent in results of earlier versions. */
  edgeSeconds: seconds.optional(),
  /** Until every byte was read back. */
  seconds,
})
export type Exported = z.infer<typeof exported>

/** What a deployment has given away, and whom its audits caught. */
const budget = z.object({
  bitsSpent: z.number(),
  bitsAllowed: z.number(),
  bitsPerAnswer: z.number(),
  /** Null where audits take the place of a number. */
  answersLeft: count.nullable(),
  audit: z.object({ rate: z.number(), bitsBeforeCaught: z.number(), catchesLeft: count }).optional(),
  audits: z.object({ done: count, passed: count, failed: count }),
  edgesBlocked: count,
})

/** One deployment of the key store: nothing secret, and no path. */
export const deployment = z.object({
  id: z.string(),
  created: z.string(),
  model: z.string(),
  reveal: z.string(),
  bundles: z.array(z.object({ sha256: z.string(), bytes: count, created: z.string() })).readonly(),
  revoked: z.string().optional(),
  budget,
  /** Its passphrase is kept by the operating system. */
  remembered: z.boolean(),
})
export type Deployment = z.infer<typeof deployment>
export const keyStore = z.object({ deployments: z.array(deployment).readonly() })

/** What an encrypted result says, as much of it as the deployment's policy tells. */
export const openedResult = z.object({
  fileName: z.string(),
  deployment: z.string(),
  label: z.number(),
  /** One number that is no score: label 1 says that it is above 0. */
  isQuantity: z.literal(true).optional(),
  labelName: z.string().optional(),
  top: z.array(z.number()).readonly().optional(),
  topNames: z.array(z.string()).readonly().optional(),
  scores: z.array(z.number()).readonly().optional(),
  /** Of a batch, the label of each image. */
  images: z
    .array(z.object({ label: z.number(), labelName: z.string().optional() }))
    .readonly()
    .optional(),
})
export type OpenedResult = z.infer<typeof openedResult>

/** An audit log whose chain of hashes holds. */
export const auditLog = z.object({
  fileName: z.string(),
  records: count,
  lastHash: z.string(),
  /** The last of them, newest first. */
  shown: z
    .array(
      z.object({
        sequence: count,
        time: z.string(),
        event: z.string(),
        deployment: z.string().optional(),
        token: z.string().optional(),
        reason: z.string().optional(),
        /** Alike refusals that it stands for. */
        count: count.optional(),
      }),
    )
    .readonly(),
})
export type AuditLogView = z.infer<typeof auditLog>

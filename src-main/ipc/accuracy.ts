/** The accuracy report, as the window shows it. */
import { z } from 'zod'
import { count } from './count.ts'
import { pictureView } from './picture.ts'

const label = z.number().int()
const share = z.number()
const confusion = z.array(z.array(count).readonly()).readonly().optional()
const texts = z.array(z.string()).readonly()
/** Relative to the deviation of the original's outputs, where these vary. */
const outputError = z.object({ rootMeanSquare: z.number(), largest: z.number(), relative: z.number().optional() })
/** What rounding decides in a quantised network, and who computed the original. */
const quantised = z.object({
  reference: z.string(),
  outputStep: z.number().optional(),
  tied: count,
  exactAgreement: share,
  polynomialAgreement: share,
  /** Of quantities, in place of agreements. */
  errors: z.object({ exact: outputError, polynomial: outputError }).optional(),
  droppedClamps: z.array(z.object({ id: z.string(), min: z.number(), max: z.number() })).readonly(),
})
export type QuantisedView = z.infer<typeof quantised>

/** As every report prints it. */
const reportTable = z.object({ header: texts, rows: z.array(texts).readonly() })

export const accuracy = z.object({
  samples: count,
  judgedBy: z.enum(['labels', 'error']),
  /** In the order of the outputs. */
  classNames: texts.optional(),
  quantised: quantised.optional(),
  original: z.object({ accuracy: share.optional(), confusion }),
  polynomial: z.object({
    accuracy: share.optional(),
    agreement: share,
    confusion,
    /** Of quantities, and of a single output. */
    error: outputError.optional(),
  }),
  encrypted: z
    .object({
      samples: count,
      accuracy: share.optional(),
      confusion,
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
        polynomial: label.optional(),
        originalMargin: z.number(),
        polynomialMargin: z.number(),
        largestDifference: z.number().optional(),
      }),
    )
    .readonly(),
  layers: z
    .array(
      z.object({
        name: z.string(),
        errorAdded: z.number(),
        rangeMargin: z.number(),
      }),
    )
    .readonly(),
  /** A row for each network: the original, the polynomial one, the encrypted one. */
  networkTable: reportTable,
  /** A row for each of `layers`. */
  layerTable: reportTable,
  warnings: z.array(z.string()).readonly(),
  seconds: z.number().nonnegative(),
})
export type Accuracy = z.infer<typeof accuracy>

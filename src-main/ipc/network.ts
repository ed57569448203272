/** A network as the Model screen shows it. */
import { z } from 'zod'
import { pictureView } from './picture.ts'
import { count } from './count.ts'

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
        family: z.enum(['activation', 'linear', 'other']),
        sources: z.array(z.string()).readonly(),
        shape: z.array(z.number()).readonly().optional(),
        /** Of its window: kernel, stride, padding and the like. */
        attributes: z
          .array(z.object({ name: z.string(), value: z.string() }))
          .readonly()
          .optional(),
        weights: z
          .object({
            count,
            least: z.number(),
            most: z.number(),
            mean: z.number(),
            deviation: z.number(),
            histogram: z.array(count).readonly(),
            /** The first few kernels, or the matrix, side by side. */
            picture: pictureView.optional(),
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
  /** Why there is no plan, where every node can be protected. */
  problem: z.object({ message: z.string(), hint: z.string().optional() }).optional(),
  unsupported: z.array(unsupportedView).readonly(),
  layers: z.array(layerView).readonly(),
  depth: count.optional(),
  /** Trained numbers of the file. */
  parameters: count,
  /** Weights and biases that are encrypted. */
  encryptedValues: count,
  /** `normalised` is absent where the network cannot be protected. */
  pictures: z.object({ original: networkPicture, normalised: networkPicture.optional() }),
})
export type Inspection = z.infer<typeof inspection>

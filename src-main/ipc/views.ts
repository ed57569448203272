/** What the window is shown: plain data, without paths, bytes of models, keys or ciphertexts. */
import { z } from 'zod'

const count = z.number().int().nonnegative()

const perChannel = z.array(z.number()).min(1).max(64).readonly()
export const preprocessing = z.strictObject({ scale: z.number(), mean: perChannel, std: perChannel })

/** How the network is to be protected; data are named, without their folders. */
const choices = {
  preprocessing,
  degree: z.union([z.literal(2), z.literal(4)]),
  input: z.enum(['encrypted', 'plain']),
}
export const choicesChange = z.strictObject(choices).partial()

export const projectView = z.object({
  kind: z.enum(['sample', 'file']),
  /** Name of the file, without its folder. */
  fileName: z.string(),
  fileBytes: count,
  choices: z.object({
    ...choices,
    calibration: z.string().optional(),
    inputs: z.string().optional(),
    labels: z.string().optional(),
  }),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
})
export type ProjectView = z.infer<typeof projectView>

export const errorView = z.object({
  code: z.string(),
  message: z.string(),
  where: z
    .object({
      node: z.string().optional(),
      operator: z.string().optional(),
      layer: z.string().optional(),
      file: z.string().optional(),
    })
    .optional(),
  hint: z.string().optional(),
})

export const progressView = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('stage'), stage: z.string() }),
  z.object({
    kind: z.literal('step'),
    stage: z.string(),
    done: z.number(),
    total: z.number(),
    detail: z.string().optional(),
    remainingMs: z.number().optional(),
  }),
  z.object({ kind: z.literal('warning'), stage: z.string(), message: z.string() }),
])

/** The jobs a window may start, and what it is told about them. */
import { z } from 'zod'
import { accuracy } from './accuracy.ts'
import { inspection } from './network.ts'
import {
  activations,
  advice,
  auditLog,
  bundle,
  exported,
  keyStore,
  lookResult,
  openedResult,
  originalTrial,
  proposals,
  splitPlan,
  tested,
  trial,
} from './results.ts'
import { errorView, progressView, split } from './views.ts'

export const jobResults = {
  inspect: inspection,
  advise: advice,
  activations,
  validate: accuracy,
  look: lookResult,
  original: originalTrial.nullable(),
  plan: splitPlan,
  proposals,
  protect: exported,
  trial,
  probe: tested,
  batch: tested,
  keys: keyStore,
  result: openedResult,
  audit: auditLog,
  bundle,
}
export type JobName = keyof typeof jobResults
export type JobResult<N extends JobName> = z.infer<(typeof jobResults)[N]>

const side = z.number().int().min(1).max(256)
const drawing = z
  .strictObject({ width: side, height: side, values: z.array(z.number().min(0).max(255)).max(65_536) })
  .refine(({ width, height, values }) => values.length === width * height, 'one value per pixel is needed')
const passphrase = z.string().min(8).max(1024)
const deploymentId = z.string().regex(/^[0-9a-f]{32}$/)
/** An exported bundle by its deployment; without one, what the last trial sealed. */
const whichBundle = {
  deployment: deploymentId.optional(),
  /** Left out where it is remembered. */
  passphrase: passphrase.optional(),
}

export const jobRequest = z.discriminatedUnion('job', [
  z.strictObject({ job: z.literal('inspect') }),
  z.strictObject({ job: z.literal('activations') }),
  z.strictObject({ job: z.literal('advise') }),
  z.strictObject({ job: z.literal('validate'), encrypted: z.number().int().min(0).max(1000) }),
  /** What is in the data that was chosen. */
  z.strictObject({ job: z.literal('look') }),
  /** How often the original is right on the labelled samples among them; null where there are none. */
  z.strictObject({ job: z.literal('original') }),
  /** Of the project's split. */
  z.strictObject({ job: z.literal('plan') }),
  z.strictObject({ job: z.literal('proposals'), splits: z.array(split).min(1).max(8) }),
  /** `perNode` asks for a folder. */
  z.strictObject({ job: z.literal('protect'), passphrase, remember: z.boolean(), perNode: z.boolean() }),
  z.strictObject({ job: z.literal('trial'), samples: z.number().int().min(1).max(10) }),
  z.strictObject({ job: z.literal('probe'), picture: drawing, ...whichBundle }),
  z.strictObject({ job: z.literal('batch'), samples: z.number().int().min(1).max(1000), ...whichBundle }),
  z.strictObject({
    job: z.literal('keys'),
    act: z.enum([
      'list',
      'back-up',
      'restore',
      'revoke',
      'destroy',
      'forget-passphrase',
      'change-passphrase',
      'save-public-key',
    ]),
    deployment: deploymentId.optional(),
    /** Of a changed passphrase: the old one, left out where it is remembered, and the new one. */
    passphrase: passphrase.optional(),
    next: passphrase.optional(),
  }),
  /** Opens an encrypted result: the one that was opened last, or asks for it. */
  z.strictObject({ job: z.literal('result'), deployment: deploymentId, passphrase: passphrase.optional() }),
  /** Asks for the log. */
  z.strictObject({ job: z.literal('audit') }),
  /** The bundle that was opened last. */
  z.strictObject({ job: z.literal('bundle') }),
])
export type JobRequest = z.infer<typeof jobRequest>

const about = { jobId: z.string().max(64), job: z.enum(Object.keys(jobResults) as [JobName, ...JobName[]]) }
export const jobUpdate = z.discriminatedUnion('state', [
  z.object({ ...about, state: z.literal('running'), event: progressView.optional() }),
  z.object({ ...about, state: z.literal('done'), value: z.unknown() }),
  z.object({ ...about, state: z.literal('failed'), error: errorView }),
  z.object({ ...about, state: z.literal('cancelled') }),
])
export type JobUpdate = z.infer<typeof jobUpdate>

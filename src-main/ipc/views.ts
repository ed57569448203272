/** What the window is shown: plain data, without whole paths, bytes of models, keys or ciphertexts. */
import { z } from 'zod'
import type { ErrorReport } from '../core/errors.ts'
import { CUT_KINDS } from '../core/segment/cut.ts'
import { count } from './count.ts'
import { inspection } from './network.ts'

const perChannel = z.array(z.number()).min(1).max(64).readonly()
/** Pixels of the shorter side or of a square, or height and width. */
const sides = z.array(z.number().int().min(1).max(4096)).min(1).max(2).readonly()
export const preprocessing = z.strictObject({
  scale: z.number(),
  mean: perChannel,
  std: perChannel,
  resize: sides.optional(),
  crop: sides.optional(),
})
export type PreprocessingView = z.infer<typeof preprocessing>
/** What training scripts usually do, by name. */
export const preset = z.object({ name: z.string(), preprocessing })
export type PresetView = z.infer<typeof preset>

const layerName = z.string().min(1).max(1000)
const few = z.number().int().min(1).max(64)
const refreshKind = z.enum(['refresh', 'exact'])
export const cut = z.strictObject({ after: layerName, kind: z.enum(CUT_KINDS) })
export type CutView = z.infer<typeof cut>
export const split = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('cuts'), cuts: z.array(cut).max(63).readonly() }),
  z.strictObject({ by: z.literal('activations'), kind: z.literal('exact') }),
  z.strictObject({ by: z.literal('depth'), kind: refreshKind }),
  z.strictObject({ by: z.literal('refreshes'), refreshes: few, kind: refreshKind }),
  z.strictObject({ by: z.literal('nodes'), nodes: few, kind: refreshKind }),
  z.strictObject({ by: z.literal('memory'), bytes: z.number().positive(), kind: refreshKind }),
])
export type SplitView = z.infer<typeof split>

export const degree = z.union([z.literal(2), z.literal(4), z.literal(8)])
/** How the network is to be protected; data are named, without their folders. */
const choices = {
  preprocessing,
  /** In the order of the outputs; those of the network's file or of the data where there are none. */
  classNames: z.array(z.string().max(200)).max(10_000).readonly(),
  /** The outputs are quantities and not the scores of classes. */
  quantities: z.boolean(),
  degree,
  /** Of single layers, where they differ from `degree`. */
  degrees: z.record(layerName, degree),
  /** Max-pools are taken apart into maxima of rows and columns. */
  splitPools: z.boolean(),
  input: z.enum(['encrypted', 'plain']),
  reveal: z.enum(['label', 'top-k', 'scores']),
  /** Share of jobs that are computed again before they are answered; none where it is 0. */
  auditRate: z.number().min(0).max(1),
  split,
  /** One bundle for each node, where there are several. */
  perNode: z.boolean(),
  /** What the deployment is called; the network's file name unless given. */
  deploymentName: z.string().max(80),
  /** Least share of the labels that a network must keep to be sealed. */
  minKept: z.number().min(0).max(1),
  /** Memory of the edge that it is meant for; this machine's where it is 0. */
  edgeMemoryBytes: z.number().min(0),
  /** Of the edge in a test; as many as the machine has where it is 0. */
  threads: z.number().int().min(0).max(64),
}
/** What was chosen as data, by its use: paths in main, names of files for the page. */
export const chosenData = {
  calibration: z.string().optional(),
  /** True classes of the calibration samples, where tuning is to go by them. */
  calibrationLabels: z.string().optional(),
  inputs: z.string().optional(),
  labels: z.string().optional(),
}
export const dataUse = z.enum(Object.keys(chosenData) as [DataUse, ...DataUse[]])
export type DataUse = keyof typeof chosenData
export const choicesChange = z.strictObject(choices).partial()
export type ChoicesChange = z.infer<typeof choicesChange>

export const stageId = z.enum(['model', 'advise', 'activations', 'accuracy', 'splits', 'export', 'test', 'keys'])
export type StageId = z.infer<typeof stageId>

/** One test that was run. */
export const testRecord = z.strictObject({
  when: z.iso.datetime(),
  what: z.string().max(200),
  samples: count,
  /** Labels that the encrypted network shares with the original; absent of networks of one quantity. */
  same: count.optional(),
  /** Median of the edge's computing. */
  seconds: z.number().nonnegative(),
  /** Median of |encrypted − polynomial| over the largest score; absent where there is no polynomial network. */
  difference: z.number().nonnegative().optional(),
})
export type TestRecord = z.infer<typeof testRecord>

export const projectView = z.object({
  kind: z.enum(['sample', 'file']),
  /** Name of the file, without its folder. */
  fileName: z.string(),
  fileBytes: count,
  choices: z.object({ ...choices, ...chosenData }),
  /** Changes whenever a choice does on which fits, plans and bundles depend. */
  made: z.string(),
  /** The screen that was open last. */
  stage: stageId,
  /** Newest first. */
  tests: z.array(testRecord).readonly(),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
})
export type ProjectView = z.infer<typeof projectView>

/** What an earlier job found out about the network: its name, when, by which version, and from which choices. */
export const keptResult = z.object({
  job: z.string(),
  when: z.iso.datetime(),
  version: z.string(),
  made: z.string(),
  /** The choices in words. */
  choices: z.string(),
  value: z.unknown(),
})
export type KeptResult = z.infer<typeof keptResult>

/** What a file turned out to be. */
export const opened = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('project'),
    project: projectView,
    /** What inspecting it found: a network is open only where that was possible. */
    inspection,
    /** What is kept of earlier work, newest first. */
    results: z.array(keptResult).readonly(),
  }),
  z.object({ kind: z.literal('bundle'), fileName: z.string() }),
  /** An encrypted result, to be opened with a deployment's key. */
  z.object({ kind: z.literal('result'), fileName: z.string() }),
])
export type Opened = z.infer<typeof opened>

/** A file opened before; the page knows it by its place in the list. */
export const recentView = z.object({ fileName: z.string(), folder: z.string(), opened: z.string() })
export type RecentView = z.infer<typeof recentView>

/** As jobs report it, but with the file's name in place of its path. */
export const errorView = z
  .object({
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
  .transform((error): ErrorReport => {
    const path = error.where?.file
    if (path === undefined) return error
    const file = path.split(/[/\\]/).at(-1) || path
    return { ...error, message: error.message.replaceAll(path, file), where: { ...error.where, file } }
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

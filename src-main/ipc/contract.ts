/** Every call the window can make: what it sends and what it gets. Both sides are checked at run time. */
import { z } from 'zod'
import type { CallName } from './calls.ts'
import { jobRequest } from './jobs.ts'
import type { JobUpdate } from './jobs.ts'
import type { ErrorReport } from '../core/errors.ts'
import { count } from './count.ts'
import { GOALS } from '../core/compile/candidates.ts'
import { choicesChange, dataUse, keptResult, opened, preset, projectView, recentView, stageId } from './views.ts'
import type { StageId } from './views.ts'

const nothing = z.undefined()
const jobId = z.string().max(64)
const path = z.string().min(1).max(4096)

export const contract = {
  about: {
    request: nothing,
    reply: z.object({
      version: z.string(),
      electron: z.string(),
      platform: z.string(),
      /** Of this machine. */
      memoryBytes: count,
      /** Files opened before that still exist, newest first. */
      recent: z.array(recentView),
      presets: z.array(preset).readonly(),
      /** Where passphrases can be kept, in words; or why they cannot. */
      keyring: z.object({ available: z.boolean(), words: z.string() }),
    }),
  },
  /** Each way of opening answers null where running work was not to be stopped for it. */
  openSample: { request: nothing, reply: opened.nullable() },
  /** A file opened before, by its place in the list. */
  openRecent: { request: z.strictObject({ place: count.max(100) }), reply: opened.nullable() },
  /** What the operating system asked to open; null where it asked for nothing. */
  openPending: { request: nothing, reply: opened.nullable() },
  /** Asks where to; from then on every choice is saved there. */
  saveProject: { request: nothing, reply: nothing },
  /** Asks for a file; null where the person changed their mind. */
  openModel: { request: nothing, reply: opened.nullable() },
  /** A file dropped on the window: the preload turns it into its path, the page never sees one. */
  openModelAt: { request: path, reply: opened.nullable() },
  closeProject: { request: nothing, reply: nothing },
  /** Asks for a file or a folder of samples; or takes the classes that the samples include, or nothing. */
  chooseData: {
    request: z.union([
      z.strictObject({ use: dataUse, from: z.enum(['file', 'folder', 'nothing']) }),
      z.strictObject({ use: z.literal('calibrationLabels'), from: z.literal('samples') }),
    ]),
    reply: projectView.nullable(),
  },
  /** Samples or labels dropped on their row. */
  chooseDataAt: { request: z.strictObject({ use: dataUse, path }), reply: projectView },
  choose: { request: choicesChange, reply: projectView },
  undo: { request: nothing, reply: projectView },
  redo: { request: nothing, reply: projectView },
  /** Which screen to come back to. */
  stay: { request: z.strictObject({ stage: stageId }), reply: nothing },
  /** As it is now: a test that has ended is in its history. */
  project: { request: nothing, reply: projectView },
  /** Which of the candidates compared last suits a goal within limits, by its place, and whether it keeps what is asked; null where none is. */
  recommend: {
    request: z.strictObject({
      goal: z.enum(GOALS),
      maxBundleBytes: z.number().positive().optional(),
      maxRefreshes: count.optional(),
    }),
    reply: z.strictObject({ place: count, enough: z.boolean() }).nullable(),
  },
  /** What is kept of work on the open network, newest first. */
  results: { request: nothing, reply: z.array(keptResult).readonly() },
  /** Puts the command lines that repeat what was chosen on the clipboard. */
  copyCommands: { request: nothing, reply: nothing },
  /** Puts what the page shows on the clipboard. */
  copyText: { request: z.strictObject({ text: z.string().min(1).max(4096) }), reply: nothing },
  /** The bundle, or folder of bundles, that was exported last goes with the pointer, as from a folder. */
  dragBundle: { request: nothing, reply: nothing },
  /** Of the running jobs, on the taskbar; null where none runs. */
  showProgress: { request: z.number().min(0).max(1).nullable(), reply: nothing },
  /** Asks where the last accuracy report goes; null where the person closed the dialog, else the file's name. */
  saveReport: { request: z.strictObject({ format: z.enum(['html', 'csv', 'pdf']) }), reply: z.string().nullable() },
  /** Shows where the keys, or the bundle exported last, are. */
  showFolder: { request: z.strictObject({ of: z.enum(['keys', 'bundle']) }), reply: nothing },
  /** null where the person closed the dialog that the job needs. */
  startJob: { request: jobRequest, reply: z.object({ jobId }).nullable() },
  cancelJob: { request: z.object({ jobId }), reply: nothing },
} satisfies Record<CallName, { request: z.ZodType; reply: z.ZodType }>

export type Contract = typeof contract
export type Request<N extends CallName> = z.infer<Contract[N]['request']>
export type Reply<N extends CallName> = z.infer<Contract[N]['reply']>
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorReport }

export type MenuCommand =
  | 'open-pending'
  | 'open-sample'
  | 'open-model'
  | 'save-project'
  | 'close-project'
  | 'undo'
  | 'redo'
  | 'copy-commands'
  | 'next-stage'
  | 'previous-stage'
  | `go-${StageId}`

type Call<N extends CallName> =
  Request<N> extends undefined ? () => Promise<Result<Reply<N>>> : (request: Request<N>) => Promise<Result<Reply<N>>>

/** What the preload puts on `window.sealwright`; the page has nothing else. */
export type Bridge = { readonly [N in Exclude<CallName, 'openModelAt' | 'chooseDataAt'>]: Call<N> } & {
  openDropped(file: File): Promise<Result<Reply<'openModelAt'>>>
  dropData(use: Request<'chooseDataAt'>['use'], file: File): Promise<Result<Reply<'chooseDataAt'>>>
  onJobUpdate(listener: (update: JobUpdate) => void): () => void
  onMenu(listener: (command: MenuCommand) => void): () => void
}

/** Every call the window can make: what it sends and what it gets. Both sides are checked at run time. */
import { z } from 'zod'
import type { CallName } from './calls.ts'
import { jobRequest } from './jobs.ts'
import type { JobUpdate } from './jobs.ts'
import type { ErrorReport } from '../core/errors.ts'
import { choicesChange, count, opened, projectView, recentView, stageId } from './views.ts'
import type { StageId } from './views.ts'

const nothing = z.undefined()
const jobId = z.string().max(64)

export const contract = {
  about: {
    request: nothing,
    reply: z.object({
      version: z.string(),
      electron: z.string(),
      platform: z.string(),
      /** Files opened before that still exist, newest first. */
      recent: z.array(recentView),
      /** Where passphrases can be kept, in words; or why they cannot. */
      keyring: z.object({ available: z.boolean(), words: z.string() }),
    }),
  },
  openSample: { request: nothing, reply: opened },
  /** A file opened before, by its place in the list. */
  openRecent: { request: z.strictObject({ place: count.max(100) }), reply: opened },
  /** What the operating system asked to open; null where it asked for nothing. */
  openPending: { request: nothing, reply: opened.nullable() },
  /** Asks where to; from then on every choice is saved there. */
  saveProject: { request: nothing, reply: nothing },
  /** Asks for a file; null where the person changed their mind. */
  openModel: { request: nothing, reply: opened.nullable() },
  /** A file dropped on the window: the preload turns it into its path, the page never sees one. */
  openModelAt: { request: z.string().min(1).max(4096), reply: opened },
  closeProject: { request: nothing, reply: nothing },
  /** Asks for a file or a folder of samples. */
  chooseData: {
    request: z.strictObject({ use: z.enum(['calibration', 'inputs', 'labels']), from: z.enum(['file', 'folder']) }),
    reply: projectView.nullable(),
  },
  choose: { request: choicesChange, reply: projectView },
  undo: { request: nothing, reply: projectView },
  redo: { request: nothing, reply: projectView },
  /** Which screen to come back to. */
  stay: { request: z.strictObject({ stage: stageId }), reply: nothing },
  /** As it is now: a test that has ended is in its history. */
  project: { request: nothing, reply: projectView },
  /** Asks where the last accuracy report goes; null where the person closed the dialog, else the file's name. */
  saveReport: { request: z.strictObject({ format: z.enum(['html', 'csv']) }), reply: z.string().nullable() },
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
  | 'next-stage'
  | 'previous-stage'
  | `go-${StageId}`

type Call<N extends CallName> =
  Request<N> extends undefined ? () => Promise<Result<Reply<N>>> : (request: Request<N>) => Promise<Result<Reply<N>>>

/** What the preload puts on `window.sealwright`; the page has nothing else. */
export type Bridge = { readonly [N in Exclude<CallName, 'openModelAt'>]: Call<N> } & {
  openDropped(file: File): Promise<Result<Reply<'openModelAt'>>>
  onJobUpdate(listener: (update: JobUpdate) => void): () => void
  onMenu(listener: (command: MenuCommand) => void): () => void
}

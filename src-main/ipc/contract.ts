/** Every call the window can make: what it sends and what it gets. Both sides are checked at run time. */
import { z } from 'zod'
import type { CallName } from './calls.ts'
import { jobRequest } from './jobs.ts'
import type { JobUpdate } from './jobs.ts'
import type { ErrorReport } from '../core/errors.ts'
import { choicesChange, projectView } from './views.ts'

const nothing = z.undefined()
const jobId = z.string().max(64)

export const contract = {
  about: {
    request: nothing,
    reply: z.object({
      version: z.string(),
      electron: z.string(),
      platform: z.string(),
      /** File name of the network that was open last. */
      lastProject: z.string().optional(),
    }),
  },
  openSample: { request: nothing, reply: projectView },
  /** The project as it was left, also by a crash. */
  reopen: { request: nothing, reply: projectView },
  /** Asks where to; from then on every choice is saved there. */
  saveProject: { request: nothing, reply: nothing },
  /** Asks for a file; null where the person changed their mind. */
  openModel: { request: nothing, reply: projectView.nullable() },
  /** A file dropped on the window: the preload turns it into its path, the page never sees one. */
  openModelAt: { request: z.string().min(1).max(4096), reply: projectView },
  closeProject: { request: nothing, reply: nothing },
  /** Asks for a file or a folder of samples. */
  chooseData: {
    request: z.strictObject({ use: z.enum(['calibration', 'inputs', 'labels']), from: z.enum(['file', 'folder']) }),
    reply: projectView.nullable(),
  },
  choose: { request: choicesChange, reply: projectView },
  undo: { request: nothing, reply: projectView },
  redo: { request: nothing, reply: projectView },
  /** null where the person closed the dialog that the job needs. */
  startJob: { request: jobRequest, reply: z.object({ jobId }).nullable() },
  cancelJob: { request: z.object({ jobId }), reply: nothing },
} satisfies Record<CallName, { request: z.ZodType; reply: z.ZodType }>

export type Contract = typeof contract
export type Request<N extends CallName> = z.infer<Contract[N]['request']>
export type Reply<N extends CallName> = z.infer<Contract[N]['reply']>
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorReport }

export const menuCommand = z.enum([
  'open-sample',
  'open-model',
  'save-project',
  'close-project',
  'undo',
  'redo',
  'next-stage',
  'previous-stage',
])
export type MenuCommand = z.infer<typeof menuCommand>

/** What the preload puts on `window.sealwright`; the page has nothing else. */
export interface Bridge {
  about(): Promise<Result<Reply<'about'>>>
  reopen(): Promise<Result<Reply<'reopen'>>>
  saveProject(): Promise<Result<Reply<'saveProject'>>>
  openSample(): Promise<Result<Reply<'openSample'>>>
  openModel(): Promise<Result<Reply<'openModel'>>>
  openDropped(file: File): Promise<Result<Reply<'openModelAt'>>>
  closeProject(): Promise<Result<Reply<'closeProject'>>>
  chooseData(request: Request<'chooseData'>): Promise<Result<Reply<'chooseData'>>>
  choose(request: Request<'choose'>): Promise<Result<Reply<'choose'>>>
  undo(): Promise<Result<Reply<'undo'>>>
  redo(): Promise<Result<Reply<'redo'>>>
  startJob(request: Request<'startJob'>): Promise<Result<Reply<'startJob'>>>
  cancelJob(request: Request<'cancelJob'>): Promise<Result<Reply<'cancelJob'>>>
  onJobUpdate(listener: (update: JobUpdate) => void): () => void
  onMenu(listener: (command: MenuCommand) => void): () => void
}

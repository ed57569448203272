/** The page's one door to the rest of the application. */
import type { Bridge, Result } from '../src-main/ipc/contract.ts'

declare global {
  interface Window {
    readonly sealwright: Bridge
  }
}

export const api: Bridge = window.sealwright

export type { MenuCommand } from '../src-main/ipc/contract.ts'
export type {
  Accuracy,
  ActivationPlot,
  Comparison,
  Inspection,
  JobName,
  JobRequest,
  JobResult,
  JobUpdate,
} from '../src-main/ipc/jobs.ts'
export type { Deployment, LayerView, NetworkPicture, PictureView } from '../src-main/ipc/jobs.ts'
export type { ProjectView } from '../src-main/ipc/views.ts'
export type { ErrorReport } from '../src-main/core/errors.ts'
export type { Result }

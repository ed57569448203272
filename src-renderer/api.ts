/** The page's one door to the rest of the application. */
import type { Bridge, Result } from '../src-main/ipc/contract.ts'

declare global {
  interface Window {
    readonly sealwright: Bridge
  }
}

export const api: Bridge = window.sealwright

export type { QuantisedView } from '../src-main/ipc/accuracy.ts'
export type { MenuCommand, Reply } from '../src-main/ipc/contract.ts'
export type { JobName, JobRequest, JobResult, JobUpdate } from '../src-main/ipc/jobs.ts'
export type { Inspection, LayerView, NetworkPicture } from '../src-main/ipc/network.ts'
export type { PictureView } from '../src-main/ipc/picture.ts'
export type {
  ActivationPlot,
  AdviceView,
  AuditLogView,
  BundleView,
  CandidateView,
  DataLook,
  Deployment,
  KeptView,
  OpenedResult,
  OriginalTrialView,
  PlannedSegment,
  Proposal,
  SegmentRun,
  SplitPlan,
  Tested,
  TestedSample,
} from '../src-main/ipc/results.ts'
export type {
  CutView,
  DataUse,
  KeptResult,
  Opened,
  PresetView,
  ProjectView,
  RecentView,
  SplitView,
  StageId,
} from '../src-main/ipc/views.ts'
export type { ErrorReport } from '../src-main/core/errors.ts'
export type { Result }

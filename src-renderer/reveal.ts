/** Scrolls to what a job has made, if it was made just now: who comes back to a screen begins at its top. */
import type { Attachment } from 'svelte/attachments'
import type { Job } from './state/job.svelte.ts'

const justNowMs = 1500

export const reveal =
  (job: Job | undefined): Attachment<HTMLElement> =>
  (element) => {
    if (job?.endedMs === undefined || performance.now() - job.endedMs > justNowMs) return
    element.scrollIntoView({ block: 'start', behavior: 'instant' })
  }

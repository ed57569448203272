import type { JobName } from '../ipc/jobs.ts'

/** What a job is called beside the page: in notifications and questions. */
export const jobTitles: Readonly<Record<JobName, string>> = {
  inspect: 'Reading the network',
  advise: 'Comparing deployments',
  activations: 'Fitting the polynomials',
  validate: 'Measuring the accuracy',
  look: 'Looking at the data',
  original: 'Trying the original network',
  plan: 'Planning',
  proposals: 'Comparing splits',
  protect: 'The export',
  trial: 'The encrypted test',
  probe: 'The encrypted test',
  batch: 'The encrypted batch',
  keys: 'Work on the keys',
  result: 'Opening a result',
  audit: 'Checking the audit log',
  bundle: 'Checking the bundle',
}

/** Started without being asked for, or over in a moment: not worth a question when the window closes. */
const idle: readonly JobName[] = ['inspect', 'look', 'original', 'plan', 'keys', 'result', 'audit', 'bundle']

export const worthAsking = (running: readonly JobName[]): string[] => [
  ...new Set(running.filter((job) => !idle.includes(job)).map((job) => jobTitles[job])),
]

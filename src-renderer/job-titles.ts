import type { JobName } from './api.ts'

const titles: Readonly<Record<JobName, string>> = {
  inspect: 'Reading the network',
  advise: 'Comparing deployments',
  activations: 'Fitting polynomials',
  validate: 'Measuring',
  look: 'Looking at the data',
  original: 'Trying the original network',
  plan: 'Planning',
  proposals: 'Comparing splits',
  protect: 'Exporting',
  trial: 'Sealing and running',
  probe: 'Running your drawing',
  batch: 'Running a batch',
  keys: 'Working on the keys',
  result: 'Opening a result',
  audit: 'Checking the audit log',
  bundle: 'Checking the bundle',
}

export const jobTitle = (job: JobName): string => titles[job]

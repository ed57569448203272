/** What the engine's stages do, said to the person. */
const names: Readonly<Record<string, string>> = {
  read: 'Reading the network',
  normalise: 'Normalising the network',
  calibrate: 'Reading calibration data',
  approximate: 'Fitting polynomials',
  original: 'Running the original',
  polynomial: 'Running the polynomial network',
  attribute: 'Attributing the error to layers',
  encrypted: 'Running samples encrypted',
  validate: 'Checking accuracy',
  segment: 'Choosing splits',
  advise: 'Trying deployments',
  plan: 'Planning the computation',
  keys: 'Making keys',
  encrypt: 'Encrypting weights',
  export: 'Writing the bundle',
  plot: 'Drawing',
  compare: 'Comparing',
  run: 'Computing on encrypted data',
  decrypt: 'Decrypting the result',
  inspect: 'Inspecting the network',
  tune: 'Tuning the weights',
  load: 'Loading the bundle',
  batch: 'Computing on encrypted inputs',
  verify: 'Verifying every byte',
  refresh: 'Refreshing',
}

export const stageName = (stage: string): string =>
  names[stage] ?? (stage === '' ? 'Starting' : stage[0].toUpperCase() + stage.slice(1))

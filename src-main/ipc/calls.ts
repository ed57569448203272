/** The calls the window may make; channel names derive from these names and nothing else. */
export const callNames = [
  'about',
  'openSample',
  'openRecent',
  'openPending',
  'saveProject',
  'openModel',
  'openModelAt',
  'closeProject',
  'chooseData',
  'chooseDataAt',
  'choose',
  'undo',
  'redo',
  'stay',
  'project',
  'recommend',
  'results',
  'copyCommands',
  'copyText',
  'dragBundle',
  'showProgress',
  'saveReport',
  'showFolder',
  'startJob',
  'cancelJob',
] as const

export type CallName = (typeof callNames)[number]

export const channelOf = (name: CallName): string => `sealwright:${name}`

/** The one channel on which main tells the window what its jobs are doing. */
export const jobChannel = 'sealwright:job-update'
/** The one channel on which the menu asks the window to do something. */
export const menuChannel = 'sealwright:menu'

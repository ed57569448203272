/** The stages of the pipeline that have a screen, in order. */
export const stages = [
  { id: 'model', title: 'Model', about: 'What the network is' },
  { id: 'test', title: 'Test', about: 'Encrypted against original' },
] as const

export type StageId = (typeof stages)[number]['id']

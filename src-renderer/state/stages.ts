/** The stages of the pipeline that have a screen, in order. */
export const stages = [
  { id: 'model', title: 'Model' },
  { id: 'activations', title: 'Activations' },
  { id: 'test', title: 'Test' },
] as const

export type StageId = (typeof stages)[number]['id']

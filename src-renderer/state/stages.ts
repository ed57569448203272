/** The stages of the pipeline that have a screen, in order. */
export const stages = [
  { id: 'model', title: 'Model' },
  { id: 'activations', title: 'Activations' },
  { id: 'accuracy', title: 'Accuracy' },
  { id: 'export', title: 'Export' },
  { id: 'test', title: 'Test' },
  { id: 'keys', title: 'Keys' },
] as const

export type StageId = (typeof stages)[number]['id']

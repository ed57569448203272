/** The stages of the pipeline that have a screen, in order. */
import type { StageId } from '../api.ts'

export type { StageId }

export const stages: readonly { readonly id: StageId; readonly title: string }[] = [
  { id: 'model', title: 'Model' },
  { id: 'advise', title: 'Advice' },
  { id: 'activations', title: 'Activations' },
  { id: 'accuracy', title: 'Accuracy' },
  { id: 'splits', title: 'Splits' },
  { id: 'export', title: 'Export' },
  { id: 'test', title: 'Test' },
  { id: 'keys', title: 'Keys' },
]

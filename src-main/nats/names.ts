/** A segment's inputs wait for a node, its results for the owner. */
export const QUEUE_KINDS = ['compute', 'open'] as const
export type QueueKind = (typeof QUEUE_KINDS)[number]

/** A deployment's streams; subjects have dots, names of streams may not. */
export const tasksStream = (id: string): string => `sealwright-${id}`
export const answersStream = (id: string): string => `sealwright-${id}-answers`
export const objectsStream = (id: string): string => `sealwright-${id}-objects`

export const queueSubject = (id: string, kind: QueueKind, segment: number | '*'): string =>
  `sealwright.${id}.${kind}.${segment}`
export const consumerName = (kind: QueueKind, segment: number): string => `${kind}-${segment}`
export const answerSubject = (id: string, job: string): string => `sealwright.${id}.answer.${job}`
/** An object's name has three tokens: the job, its deadline and a random number. */
export const objectSubject = (id: string, name: string): string => `sealwright.${id}.object.${name}`

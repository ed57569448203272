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

/** Who states it: whoever encrypted a job's input, or whoever computed a segment of it, from 0. */
export type ClaimPlace = 'input' | number

/** Where a party states what it did. */
export const claimSubject = (id: string, job: string, place: ClaimPlace): string =>
  `sealwright.${id}.claim.${job}.${place}`
/** The same under the name that the server gives the party: docs/nats-server.conf. */
export const namedClaimSubject = (id: string, party: string, job: string, place: ClaimPlace | '*'): string =>
  `sealwright.${id}.claim.${party}.${job}.${place}`
export const claimSubjects = (id: string): string => `sealwright.${id}.claim.>`

/** Where the owner asks for a job to be opened, and where it is told of the opening. */
export const auditSubject = (id: string, job: string, segment: number): string =>
  `sealwright.${id}.audit.${job}.${segment}`
export const openingSubject = (id: string, job: string, segment: number): string =>
  `sealwright.${id}.opening.${job}.${segment}`

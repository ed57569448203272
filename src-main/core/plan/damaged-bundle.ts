import { UserError } from '../errors.ts'

/** What came from outside is not what an owner wrote; never our own fault. */
export const damagedBundle = (reason: string, cause?: unknown): UserError =>
  new UserError('damaged-bundle', `The bundle is damaged: ${reason}.`, {
    hint: 'Ask the owner for a new copy.',
    ...(cause !== undefined && { cause }),
  })

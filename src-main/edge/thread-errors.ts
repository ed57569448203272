import { InternalError, UserError, type ErrorReport } from '../core/errors.ts'

/** An error that a worker thread reported, in its own class again. */
export function errorFromReport({ code, message, where, hint }: ErrorReport, isUserError: boolean): Error {
  return isUserError ? new UserError(code, message, { where, hint }) : new InternalError(message, { where, hint })
}

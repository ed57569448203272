/** Where a problem is; every field is optional and shown to people as written. */
export interface ErrorPlace {
  readonly node?: string
  readonly operator?: string
  readonly layer?: string
  readonly file?: string
}

export interface SealwrightErrorOptions {
  readonly where?: ErrorPlace
  /** What the person can do about it, one sentence. */
  readonly hint?: string
  readonly cause?: unknown
}

/** Shared shape of both error classes; `code` is stable and documented in docs/errors.md. */
abstract class SealwrightError extends Error {
  readonly code: string
  readonly where: ErrorPlace | undefined
  readonly hint: string | undefined

  constructor(code: string, message: string, options: SealwrightErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.where = options.where
    this.hint = options.hint
  }
}

/** The input or the request is wrong; the person can mend it. Exit code 1. */
export class UserError extends SealwrightError {
  override readonly name = 'UserError'
}

/** We are wrong. Exit code 2. */
export class InternalError extends SealwrightError {
  override readonly name = 'InternalError'

  constructor(message: string, options: SealwrightErrorOptions = {}) {
    super('internal', message, options)
  }
}

/** The person or a deadline stopped the work. Exit code 130. */
export class CancelledError extends SealwrightError {
  override readonly name = 'CancelledError'

  constructor() {
    super('cancelled', 'The work was cancelled.')
  }
}

/** Throws InternalError unless the invariant holds. */
export function invariant(condition: unknown, message: string, where?: ErrorPlace): asserts condition {
  if (!condition) throw new InternalError(message, { where })
}

/** What `run` gives; undefined where it throws a UserError. */
export function unlessUserError<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

/** The form in which errors leave the process: JSON output, IPC and HTTP replies. */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly where?: ErrorPlace
  readonly hint?: string
}

/** Any error as it leaves the process; one that we do not know is ours, under the code `internal`. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof UserError || error instanceof InternalError || error instanceof CancelledError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.where && { where: error.where }),
      ...(error.hint !== undefined && { hint: error.hint }),
    }
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}

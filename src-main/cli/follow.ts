/** `--verbose` and `--trace FILE`: what a command does, for people and for tools. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { reportError } from '../core/errors.ts'
import { printableName } from '../core/printable.ts'
import type { ProgressEvent, ProgressListener } from '../core/progress.ts'
import { checkOutput, writeProblem } from '../files/write-atomically.ts'
import { printError } from './print.ts'
import { progressText } from './terminal.ts'

export interface FollowOptions {
  readonly verbose?: boolean
  /** A file that must not exist. */
  readonly trace?: string
}

export interface Follower {
  readonly listen: ProgressListener
  /** Says how the command ended; without an error, well. */
  end(error?: unknown): void
}

/** Steps of one stage are told at most this often. */
const STEP_MS = 1000

/** @throws UserError output-exists, not-writable */
export async function follow(
  { verbose, trace }: FollowOptions,
  now: () => number = () => performance.now(),
): Promise<Follower> {
  const startedMs = now()
  const followers: Follower[] = []
  const atMs = (): number => Math.round(now() - startedMs)
  if (verbose) followers.push(verboseFollower(atMs))
  if (trace !== undefined) {
    await checkOutput(trace, {})
    followers.push(traceFollower(trace, atMs))
  }
  return {
    listen: (event) => followers.forEach((follower) => follower.listen(event)),
    end: (error) => followers.forEach((follower) => follower.end(error)),
  }
}

/** Lines on stderr: seconds since the start, stage or step; where it fails, the stack of the error and of its causes. */
function verboseFollower(atMs: () => number): Follower {
  let toldAtMs = -Infinity
  const line = (text: string): void => printError(`${(atMs() / 1000).toFixed(1).padStart(8)} s  ${printableName(text)}`)
  return {
    listen(event) {
      if (event.kind === 'warning') line(`${event.stage}: ${event.message}`)
      else if (event.kind === 'stage' || event.done === event.total || atMs() - toldAtMs >= STEP_MS) {
        toldAtMs = atMs()
        line(progressText(event))
      }
    },
    end(error) {
      for (let cause = error; cause instanceof Error; cause = cause.cause) printError(cause.stack ?? cause.message)
    },
  }
}

/** JSON lines: every progress event with `atMs` since the start, and at the end `code`, that of the error or `ok`. */
function traceFollower(file: string, atMs: () => number): Follower {
  const append = (entry: ProgressEvent | { readonly kind: 'end'; readonly code: string }): void =>
    appendFileSync(file, `${JSON.stringify({ atMs: atMs(), ...entry })}\n`)
  try {
    writeFileSync(file, '', { flag: 'wx' })
  } catch (error) {
    throw writeProblem(error, file)
  }
  return {
    listen: append,
    end: (error) => append({ kind: 'end', code: error === undefined ? 'ok' : reportError(error).code }),
  }
}

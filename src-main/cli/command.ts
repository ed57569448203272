import { Command, CommanderError, Help } from 'commander'
import { CancelledError, UserError, reportError } from '../core/errors.ts'
import type { ProgressListener, WorkContext } from '../core/progress.ts'
import { follow, type Follower, type FollowOptions } from './follow.ts'
import { print, printError, printJson } from './print.ts'
import { ProgressLine, errorText } from './terminal.ts'
import { path } from './values.ts'

/** What a command hands back: both forms are made from the same result. */
export interface Answer {
  readonly json: object
  readonly text: string
  /** 1 where the answer itself is a refusal, as when a network cannot be protected. */
  readonly exitCode?: 0 | 1
}

export const EXIT = { ok: 0, userError: 1, internalError: 2, cancelled: 130 } as const

/** Ctrl-C comes twice where a launcher passes it on. */
const SAME_SIGNAL_MS = 300

/** What the command that runs was asked to tell while it works. */
let asked: FollowOptions = {}

/** A command with the options that all have: --json, --verbose, --trace, and examples under --help. */
export const command = (usage: string, description: string, examples: readonly string[]): Command =>
  group(usage, description, examples)
    .option('--json', 'print one JSON object on stdout instead of text')
    .option('--verbose', 'log every stage and its time to stderr, and the stack trace of an error')
    .option('--trace <file>', 'write every step of the work as JSON lines to a new file', path)
    .hook('preAction', (running) => {
      asked = running.opts<FollowOptions>()
    })

const help = new Help()
const optionDescription: Help['optionDescription'] = (option) =>
  `${help.optionDescription(option)}${option.mandatory ? ' (required)' : ''}`

/** A command that only holds others: an option of its own would hide theirs. */
export function group(usage: string, description: string, examples: readonly string[]): Command {
  const [name, ...args] = usage.split(' ')
  const made = new Command(name)
  if (args.length > 0) made.arguments(args.join(' '))
  return made
    .configureHelp({ optionDescription })
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
}

/** Runs a command's work with progress and cancellation, and prints its answer; sets the exit code. */
export async function answer(json: boolean, job: (work: WorkContext) => Promise<Answer>): Promise<void> {
  const line = new ProgressLine(process.stderr)
  const controller = new AbortController()
  let stoppedAtMs = 0
  const stop = (): void => {
    const sinceMs = performance.now() - stoppedAtMs
    if (controller.signal.aborted) return sinceMs > SAME_SIGNAL_MS ? process.exit(EXIT.cancelled) : undefined
    stoppedAtMs = performance.now()
    controller.abort(new CancelledError())
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  let follower: Follower | undefined
  try {
    follower = await follow(asked)
    const listen: ProgressListener = (event) => {
      if (!asked.verbose || event.kind === 'warning') line.listen(event)
      follower?.listen(event)
    }
    const result = await job({ progress: listen, signal: controller.signal })
    line.clear()
    follower.end()
    if (!json) for (const warning of line.warnings) printError(`warning: ${warning}`)
    const warnings = line.warnings.length > 0 && { warnings: line.warnings }
    if (json) printJson({ ...result.json, ...warnings }, 2)
    else print(result.text)
    process.exitCode = result.exitCode ?? EXIT.ok
  } catch (error) {
    line.clear()
    const problem = controller.signal.aborted ? new CancelledError() : error
    follower?.end(problem)
    fail(problem, json)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** Says where a server listens; with --json as an object of its own, before the one that ends it. */
export function announce(json: boolean, url: string): void {
  if (json) printJson({ url })
  else print(`listening at ${url}; Ctrl-C finishes what has begun, then stops`)
}

/** Prints an error in the form asked for and sets the exit code it stands for. */
export function fail(error: unknown, json: boolean): void {
  // Help was asked for, or shown where a command is missing.
  if (error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help')) return
  const report = reportError(error instanceof CommanderError ? usageError(error) : error)
  if (json) printJson({ error: report })
  else printError(errorText(report))
  process.exitCode = exitCodeOf(report.code)
}

function usageError(error: CommanderError): UserError {
  return new UserError('usage', error.message.replace(/^error: /, ''), { hint: 'Add --help to see what is expected.' })
}

function exitCodeOf(code: string): number {
  if (code === 'cancelled') return EXIT.cancelled
  return code === 'internal' ? EXIT.internalError : EXIT.userError
}

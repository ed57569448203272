import { parseArgs, type ParseArgsConfig } from 'node:util'
import { errorText } from '../src-main/cli/terminal.ts'
import { reportError, UserError } from '../src-main/core/errors.ts'

/**
 * `parseArgs` for scripts that people start: a mistake in the arguments is told as the command line tells it, and ends the
 * script with 1. `needed` names the positional arguments that it cannot do without.
 */
export function argumentsOf<T extends ParseArgsConfig>(
  config: T,
  needed: readonly string[] = [],
): ReturnType<typeof parseArgs<T>> {
  try {
    const parsed = parseArgs(config)
    const missing = needed.slice(parsed.positionals.length)
    if (missing.length > 0) throw new Error(`Missing: ${missing.join(' ')}`)
    return parsed
  } catch (error) {
    const message = (error as Error).message.replace(/\. To specify a positional.*/s, '').split('\n')[0]
    const hint = 'What it takes is written at the head of the script.'
    process.stderr.write(`${errorText(reportError(new UserError('usage', message, { hint })))}\n`)
    process.exit(1)
  }
}

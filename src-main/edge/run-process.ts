import { reportError, UserError } from '../core/errors.ts'
import { printable, printableJson } from '../core/printable.ts'
import type { ProgressEvent, WorkContext } from '../core/progress.ts'
import { outliveReaders } from '../files/closed-pipes.ts'
import { parseArguments, type Values } from './arguments.ts'

export type ProcessCommand = (operands: string[], values: Values, work: WorkContext) => Promise<unknown>

/**
 * A process of its own for some commands. Resolves to its exit code: 0, 1 for a person's mistake, 2 for ours. A signal ends
 * it at once; servers answer first what they have begun.
 */
export async function runProcess(
  argv: readonly string[],
  usage: string,
  commands: Readonly<Record<string, ProcessCommand>>,
): Promise<number> {
  outliveReaders()
  const wantsEvents = argv.includes('--events')
  const progress = (event: ProgressEvent): void => {
    if (wantsEvents) printLine({ progress: event })
  }
  try {
    const { values, positionals } = parseArguments(argv)
    const [name = '', ...operands] = positionals
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (values.help || !command) {
      process.stdout.write(usage)
      return values.help ? 0 : 1
    }
    const result = await command(operands, values, { progress })
    printLine(wantsEvents ? { result } : result)
    return 0
  } catch (error) {
    const report = { error: reportError(error) }
    if (wantsEvents || argv.includes('--json')) printLine(report)
    else
      process.stderr.write(printable(`${report.error.message}\n${report.error.hint ? `${report.error.hint}\n` : ''}`))
    return error instanceof UserError ? 1 : 2
  }
}

export const printLine = (value: unknown): void => {
  process.stdout.write(`${printableJson(value)}\n`)
}

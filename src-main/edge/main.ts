import { reportError, UserError } from '../core/errors.ts'
import { printable, printableJson } from '../core/printable.ts'
import type { ProgressEvent, WorkContext } from '../core/progress.ts'
import {
  gatewayFrom,
  listenFrom,
  logFrom,
  parseArguments,
  required,
  runnerFrom,
  segmentsFrom,
  trustFrom,
  usage,
  wholeNumber,
  type Values,
} from './arguments.ts'
import { describeBundle, verifyBundle } from './inspect.ts'
import { serveNats, submit } from './nats/commands.ts'
import { edgeRun } from './run.ts'
import { serve } from './serve/serve.ts'
import { untilSignal } from './until-signal.ts'

type Command = (operands: string[], values: Values, work: WorkContext) => Promise<unknown>

const commands: Record<string, Command> = {
  verify: async ([bundle], values) => verifyBundle(required(bundle, 'BUNDLE'), await trustFrom(values)),
  info: async ([bundle], values) =>
    describeBundle(required(bundle, 'BUNDLE'), await trustFrom(values), runnerFrom(values)),
  run: async ([bundle], values, work) =>
    edgeRun(
      {
        bundle: required(bundle, 'BUNDLE'),
        input: required(values.input, '--input'),
        out: required(values.out, '--out'),
        opening: values.opening,
        index: wholeNumber(values.index, '--index'),
        runner: runnerFrom(values),
        force: values.force === true,
        trust: await trustFrom(values),
      },
      work,
    ),
  submit: async ([bundle], values, work) => submit(required(bundle, 'BUNDLE'), values, work),
  serve: async ([bundle], values, work) => {
    if (values.nats !== undefined) {
      return await serveNats(required(bundle, 'BUNDLE'), values, { ...work, log: logFrom(values) }, (url) =>
        print({ url }),
      )
    }
    const server = await serve(
      {
        ...(await listenFrom(values)),
        bundle: required(bundle, 'BUNDLE'),
        trust: await trustFrom(values),
        runner: runnerFrom(values),
        segments: segmentsFrom(values),
        queue: wholeNumber(values.queue, '--queue') ?? 8,
        gateway: await gatewayFrom(values),
      },
      logFrom(values),
    )
    print({ url: server.url })
    await untilSignal()
    await server.close()
    return { closed: true }
  },
}

/**
 * The edge's own process: exit code 0, 1 for a person's mistake, 2 for ours. A signal ends it at once; `serve` answers
 * first what it has begun.
 */
async function main(argv: readonly string[]): Promise<number> {
  const wantsEvents = argv.includes('--events')
  const progress = (event: ProgressEvent): void => {
    if (wantsEvents) print({ progress: event })
  }
  try {
    const { values, positionals } = parseArguments(argv)
    const [name, ...operands] = positionals
    if (values.help || !Object.hasOwn(commands, name ?? '')) {
      process.stdout.write(usage)
      return values.help ? 0 : 1
    }
    const result = await commands[name](operands, values, { progress })
    print(wantsEvents ? { result } : result)
    return 0
  } catch (error) {
    const report = { error: reportError(error) }
    if (wantsEvents || argv.includes('--json')) print(report)
    else
      process.stderr.write(printable(`${report.error.message}\n${report.error.hint ? `${report.error.hint}\n` : ''}`))
    return error instanceof UserError ? 1 : 2
  }
}

const print = (value: unknown): void => {
  process.stdout.write(`${printableJson(value)}\n`)
}

process.exitCode = await main(process.argv.slice(2))

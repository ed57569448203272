import { parseArgs } from 'node:util'
import { reportError, UserError } from '../core/errors.ts'
import type { ProgressEvent, WorkContext } from '../core/progress.ts'
import { readBytes } from '../data/read-file.ts'
import { describeBundle, verifyBundle } from './inspect.ts'
import type { Trust } from './open-bundle.ts'
import { edgeRun } from './run.ts'

const usage = `Usage: sealwright-edge <command> …

  verify BUNDLE                        checks every byte and the signature
  info BUNDLE                          tells what the bundle says of itself
  run BUNDLE --input DATA --out FILE   encrypts one sample, computes on it, writes the encrypted result
      --index I      which sample of DATA, from 0 (0)
      --threads N    worker threads (the cores)
      --force        replace FILE if it exists

  --public-key PEM   accepts only bundles signed with this key
  --signature FILE   checks this detached signature instead of the one inside
  --allow-unsigned   accepts bundles without a valid signature

  --json             prints one JSON object
  --events           prints progress too, one JSON object a line: {"progress"}, then {"result"} or {"error"}
`

const options = {
  input: { type: 'string' },
  out: { type: 'string' },
  index: { type: 'string' },
  threads: { type: 'string' },
  force: { type: 'boolean' },
  'public-key': { type: 'string' },
  signature: { type: 'string' },
  'allow-unsigned': { type: 'boolean' },
  json: { type: 'boolean' },
  events: { type: 'boolean' },
  help: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']
type Command = (operands: string[], values: Values, work: WorkContext) => Promise<unknown>

const commands: Record<string, Command> = {
  verify: async ([bundle], values) => verifyBundle(required(bundle, 'BUNDLE'), await trustFrom(values)),
  info: async ([bundle], values) => describeBundle(required(bundle, 'BUNDLE'), await trustFrom(values)),
  run: async ([bundle], values, work) =>
    edgeRun(
      {
        bundle: required(bundle, 'BUNDLE'),
        input: required(values.input, '--input'),
        out: required(values.out, '--out'),
        index: wholeNumber(values.index, '--index'),
        threads: wholeNumber(values.threads, '--threads'),
        force: values.force === true,
        trust: await trustFrom(values),
      },
      work,
    ),
}

/** The edge's own process: exit code 0, 1 for a person's mistake, 2 for ours. A signal ends it at once. */
export async function main(argv: readonly string[]): Promise<number> {
  const wantsEvents = argv.includes('--events')
  const progress = (event: ProgressEvent): void => {
    if (wantsEvents) print({ progress: event })
  }
  try {
    const { values, positionals } = parse(argv)
    const [name, ...operands] = positionals
    const command = commands[name ?? '']
    if (values.help || !command) {
      process.stdout.write(usage)
      return values.help ? 0 : 1
    }
    const result = await command(operands, values, { progress })
    print(wantsEvents ? { result } : result)
    return 0
  } catch (error) {
    const report = { error: reportError(error) }
    if (wantsEvents || argv.includes('--json')) print(report)
    else process.stderr.write(`${report.error.message}\n${report.error.hint ? `${report.error.hint}\n` : ''}`)
    return error instanceof UserError ? 1 : 2
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (cause) {
    throw new UserError('bad-arguments', (cause as Error).message, { hint: 'See sealwright-edge --help.', cause })
  }
}

async function trustFrom(values: Values): Promise<Trust> {
  const path = values['public-key']
  const publicKey = path === undefined ? undefined : new TextDecoder().decode(await readBytes(path, 2 ** 16))
  const detached = values.signature
  const signature = detached === undefined ? undefined : await readBytes(detached, 2 ** 20)
  return { publicKey, signature, allowUnsigned: values['allow-unsigned'] === true }
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UserError('bad-arguments', `${name} is missing.`)
  return value
}

function wholeNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new UserError('bad-arguments', `${name} must be a whole number.`)
  return Number(value)
}

const print = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

process.exitCode = await main(process.argv.slice(2))

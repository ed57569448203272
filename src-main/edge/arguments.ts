import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { parseByteSize } from '../core/byte-size.ts'
import { UserError } from '../core/errors.ts'
import { jsonLog, LOG_LEVELS, type Log } from '../core/log.ts'
import { EVALUATOR_CHOICES, type EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import { readBytes, readTokens } from '../files/read-file.ts'
import { serverUrl } from '../http/addresses.ts'
import type { ListenOptions } from '../http/listen.ts'
import type { RunnerOptions } from './load-runner.ts'
import type { Trust } from '../files/open-bundle.ts'
import type { Gateway } from './serve/gateway-client.ts'

export const usage = `Usage: sealwright-edge <command> …

  verify BUNDLE                        checks every byte and the signature
  info BUNDLE                          tells what the bundle says of itself
  run BUNDLE --input DATA --out FILE   encrypts one sample, computes on it, writes the encrypted result
      --index I           which sample of DATA, from 0 (0)
      --opening FILE      writes what an audit of the job is shown; it holds the input
      --force             replaces files that exist
  update BUNDLE --pack PACK --out FILE   joins an update with the keys of the deployment's bundle; --force as above
  encrypt BUNDLE --input DATA --out FILE   encrypts one sample, for several nodes to compute on; --index, --force as above
  serve BUNDLE                         answers over HTTP: POST /v1/run, GET /health, /ready, /metrics
      --host HOST         where to listen (127.0.0.1); another host needs TLS and a token
      --port PORT         (8080)
      --queue N           requests that may wait or run (8)
      --tls-cert FILE, --tls-key FILE, --token-file FILE
      --gateway URL       the owner's gateway: answers become labels
      --gateway-token-file FILE
      --segments LIST     which ones, from 1, as 1,3 (all that the bundle holds)
  serve BUNDLE --nats URL              takes tasks from the queues of a NATS server instead; --segments as above
      --status-port PORT  answers GET /health, /ready and /metrics on 127.0.0.1
  submit BUNDLE --nats URL --input DATA   encrypts samples, submits them, waits for what the owner reveals
      --index I, --count N   N samples from the I-th on (0, 1)
      --deadline SECONDS  for each (60)
      --queue N           under way at once (8)

  --nats URL              nats://HOST:PORT or tls://HOST:PORT, several with commas; always encrypted beyond the loopback
  --nats-credentials FILE, or --nats-user NAME --nats-password-file FILE, or --nats-token-file FILE
  --nats-ca FILE          authority that signed the server's certificate
  --nats-cert FILE, --nats-key FILE
  --threads N             worker threads (the cores)
  --memory BYTES          most that the process may hold, as 2000000000, 1500M or 2G: weights beyond it are
                          read from the bundle as they are needed
  --evaluator WHICH       kernels, or one kind of them: relaxed-simd-f64, simd-f64; seal; auto (auto)
  --public-key PEM        accepts only bundles signed with this key
  --signature FILE        checks this detached signature instead of the one inside
  --allow-unsigned        accepts bundles without a valid signature
  --log-level LEVEL       of what servers tell on stderr, a JSON object a line: debug, info, warn, error, silent (info)
  --json                  prints one JSON object
  --events                prints progress too, a JSON object a line: {"progress"}, then {"result"} or {"error"}
`

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const options = {
  input: text,
  out: text,
  opening: text,
  pack: text,
  bundle: text,
  index: text,
  threads: text,
  memory: text,
  evaluator: text,
  force: flag,
  host: text,
  port: text,
  queue: text,
  'tls-cert': text,
  'tls-key': text,
  'token-file': text,
  gateway: text,
  'gateway-token-file': text,
  segments: text,
  count: text,
  deadline: text,
  nats: text,
  'nats-credentials': text,
  'nats-user': text,
  'nats-password-file': text,
  'nats-token-file': text,
  'nats-ca': text,
  'nats-cert': text,
  'nats-key': text,
  'public-key': text,
  signature: text,
  'allow-unsigned': flag,
  'log-level': text,
  'status-port': text,
  json: flag,
  events: flag,
  help: flag,
} as const

export type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

/** @throws UserError bad-arguments */
export function parseArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (cause) {
    throw new UserError('bad-arguments', (cause as Error).message, { hint: 'See sealwright-edge --help.', cause })
  }
}

/** @throws UserError bad-arguments if the option is missing */
export function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UserError('bad-arguments', `${name} is missing.`)
  return value
}

/** Undefined without the option. @throws UserError bad-arguments */
export function wholeNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new UserError('bad-arguments', `${name} must be a whole number.`)
  return Number(value)
}

/** @throws UserError bad-arguments */
export const runnerFrom = (values: Values): RunnerOptions => ({
  threads: wholeNumber(values.threads, '--threads') ?? availableParallelism(),
  evaluator: evaluatorFrom(values),
  memoryBytes: memoryFrom(values),
})

/** As 1500M. @throws UserError bad-arguments */
function memoryFrom({ memory }: Values): number | undefined {
  if (memory === undefined) return undefined
  const bytes = parseByteSize(memory)
  if (bytes === undefined)
    throw new UserError('bad-arguments', '--memory must be a number of bytes, such as 1500M or 2G.')
  return bytes
}

function evaluatorFrom({ evaluator = 'auto' }: Values): EvaluatorChoice {
  const choice = EVALUATOR_CHOICES.find((candidate) => candidate === evaluator)
  if (choice) return choice
  throw new UserError('bad-arguments', `--evaluator must be one of ${EVALUATOR_CHOICES.join(', ')}.`)
}

/** Segments are counted from 1 for people, from 0 inside. @throws UserError bad-arguments */
export function segmentsFrom({ segments }: Values): number[] | undefined {
  return segments?.split(',').map((text) => {
    const number = wholeNumber(text, '--segments') ?? 0
    if (number === 0) throw new UserError('bad-arguments', '--segments counts from 1.')
    return number - 1
  })
}

/** What a bundle has to be signed with. @throws UserError as `readBytes` */
export async function trustFrom(values: Values): Promise<Trust> {
  return {
    publicKey: await textOf(values['public-key']),
    signature: values.signature === undefined ? undefined : await readBytes(values.signature, 2 ** 20),
    allowUnsigned: values['allow-unsigned'] === true,
  }
}

/** Where to listen, and whom to answer. @throws UserError bad-arguments, no-token, as `readBytes` */
export async function listenFrom(values: Values): Promise<ListenOptions> {
  const certificate = await textOf(values['tls-cert'])
  const key = await textOf(values['tls-key'])
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UserError('bad-arguments', '--tls-cert and --tls-key belong together.')
  }
  return {
    host: values.host,
    port: wholeNumber(values.port, '--port') ?? 8080,
    ...(certificate !== undefined && key !== undefined && { tls: { certificate, key } }),
    tokens: await readTokens(values['token-file']),
  }
}

/** The owner's gateway, where one is named. @throws UserError bad-arguments, no-token, as `readBytes` */
export async function gatewayFrom(values: Values): Promise<Gateway | undefined> {
  if (values.gateway === undefined) return undefined
  const [token] = await readTokens(values['gateway-token-file'])
  return { url: serverUrl(values.gateway, 'The gateway').href, token }
}

/** Of servers, on stderr: stdout is for results. @throws UserError bad-arguments */
export function logFrom({ 'log-level': given = 'info' }: Values): Log {
  const level = LOG_LEVELS.find((known) => known === given)
  if (level) return jsonLog((line) => void process.stderr.write(line), level, { service: 'edge' })
  throw new UserError('bad-arguments', `--log-level must be one of ${LOG_LEVELS.join(', ')}.`)
}

/** A small file that an option names. */
export const textOf = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : new TextDecoder().decode(await readBytes(path, 2 ** 16))

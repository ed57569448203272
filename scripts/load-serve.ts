/**
 * Loads `sealwright-edge serve` and watches it: `node scripts/load-serve.ts [BUNDLE] [--minutes 10] [--clients 4] [--busy 1]`.
 * Without a bundle it protects the CryptoNets network of test/models first. It serves from a freshly built edge folder
 * with a queue as long as there are clients; each client posts one sample after the other and looks into every answer.
 * With --busy 0.5 a client rests after each answer for as long as it waited for it: half the load.
 * Once a minute the clients pause, and twice as many requests as the queue holds arrive at once: those beyond it must be
 * refused at once. Prints counts, times and resident memory (at both ends, and the median of each quarter of the run),
 * each minute's to standard error; exit code 1 if a valid request failed.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { decodeResult } from '../src-main/core/bundle/result.ts'
import { silent } from '../src-main/core/progress.ts'
import { sha256 } from '../src-main/files/sha256.ts'
import { protect } from '../src-main/jobs/protect.ts'
import { buildEdge } from './build-edge.ts'
import { argumentsOf } from './arguments.ts'

const { positionals, values } = argumentsOf({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    clients: { type: 'string', default: '4' },
    busy: { type: 'string', default: '1' },
  },
})
const minutes = Number(values.minutes)
const clients = Number(values.clients)
const busy = Number(values.busy)
const asset = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const digits = await Promise.all(
  Array.from({ length: 10 }, (_, digit) => readFile(asset(`assets/digits/${digit}.png`))),
)

async function protectCryptoNets(): Promise<string> {
  const out = join(folder, 'network.sealed')
  await protect(
    {
      ...{
        model: asset('test/models/trained/mnist_cryptonets_relu.onnx'),
        calibration: asset('assets/calibration.npz'),
      },
      ...{ preprocessing: { scale: 1 / 255, mean: [0], std: [1] }, input: 'encrypted', degree: 2, batch: 1 },
      ...{ keys: join(folder, 'keys'), passphrase: 'load the edge', out, force: false },
    },
    silent,
  )
  return out
}

/** Whether no valid request failed. */
async function load(edge: string, bundle: string): Promise<boolean> {
  const serve = ['serve', bundle, '--port', '0', '--queue', String(clients), '--allow-unsigned']
  const server = spawn(process.execPath, [join(edge, 'sealwright-edge'), ...serve], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // As the unit and the container file in docs/deploy do.
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
  })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  const lines = createInterface({ input: server.stdout })
  const [first] = (await Promise.race([once(lines), ended])) as string[]
  const { url } = JSON.parse(first) as { url: string }
  const answeredMs: number[] = []
  const refusedMs: number[] = []
  const failures: string[] = []

  async function post(sample: number): Promise<Response> {
    const body = digits[sample % digits.length] as Uint8Array<ArrayBuffer>
    return await fetch(`${url}/v1/run`, { method: 'POST', body, headers: { 'content-type': 'image/png' } })
  }

  async function client(number: number, endMs: number): Promise<void> {
    for (let sample = number; performance.now() < endMs; sample++) {
      const startedMs = performance.now()
      try {
        const response = await post(sample)
        const body = new Uint8Array(await response.arrayBuffer())
        if (response.status !== 200) throw new Error(`status ${response.status}`)
        decodeResult(body, sha256)
        answeredMs.push(performance.now() - startedMs)
        await wait((performance.now() - startedMs) * (1 / busy - 1))
      } catch (error) {
        failures.push((error as Error).message)
      }
    }
  }

  async function crowd(): Promise<void> {
    const requests = Array.from({ length: 2 * clients }, async (_, sample) => {
      const startedMs = performance.now()
      const response = await post(sample)
      await response.arrayBuffer()
      if (response.status === 503) refusedMs.push(performance.now() - startedMs)
      else if (response.status !== 200) failures.push(`status ${response.status} in a crowd`)
    })
    await Promise.all(requests)
  }

  const everyone = (forMs: number): Promise<unknown> =>
    Promise.all(Array.from({ length: clients }, (_, number) => client(number, performance.now() + forMs)))
  await everyone(10_000)
  answeredMs.length = 0
  const memory = [await residentBytes(server.pid!)]
  for (let minute = 0; minute < minutes; minute++) {
    await everyone(60_000 * Math.min(1, minutes - minute))
    await crowd()
    memory.push(await residentBytes(server.pid!))
    process.stderr.write(
      `minute ${minute + 1}: ${Math.round(memory.at(-1)! / 2 ** 20)} MiB, ${answeredMs.length} answered\n`,
    )
  }
  server.kill('SIGTERM')
  const code = await Promise.race([ended, wait(30_000, 'still there after 30 s')])
  if (code !== 0) failures.push(`the server ended with ${code}`)

  const mebibytes = memory.map((bytes) => Math.round(bytes / 2 ** 20))
  const report = {
    ...{ answered: answeredMs.length, failed: failures.length, refused: refusedMs.length },
    ...{
      p50Ms: quantile(answeredMs, 0.5),
      p99Ms: quantile(answeredMs, 0.99),
      slowestRefusalMs: quantile(refusedMs, 1),
    },
    residentMiB: { start: mebibytes[0], end: mebibytes.at(-1), quarters: mediansOfQuarters(mebibytes) },
    ...(failures.length > 0 && { failures: [...new Set(failures)] }),
  }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  return failures.length === 0
}

const once = (lines: ReturnType<typeof createInterface>): Promise<string[]> =>
  new Promise((resolve) => lines.once('line', (line) => resolve([line])))

/** The process's own memory; pages of its program file come and go with what other processes need. Linux only. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const bytesOf = (name: string): number => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  return bytesOf('RssAnon') + bytesOf('RssShmem')
}

/** What grows, grows from one quarter of the run to the next; a single minute depends on when garbage was collected. */
const mediansOfQuarters = (values: number[]): number[] =>
  [0, 1, 2, 3].map((i) =>
    quantile(values.slice(Math.floor((i * values.length) / 4), Math.ceil(((i + 1) * values.length) / 4)), 0.5),
  )

const quantile = (values: number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))])
}

const folder = await mkdtemp(join(tmpdir(), 'sealwright-load-'))
try {
  const bundle = positionals[0] ?? (await protectCryptoNets())
  const edge = await buildEdge(join(folder, 'edge'))
  process.exitCode = (await load(edge, bundle)) ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

/**
 * Jobs in a row through the queues of a NATS server, to three nodes on this machine: how many a second, and what they leave
 * behind, and what processor time each process takes for a job. With --http the same jobs go to one edge over HTTP too, in turns with the queues.
 *
 *     node test/nats/many-jobs.ts [--jobs 10000] [--window 16] [--network tiny | lenet] [--http] [--json FILE]
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { jetstreamManager } from '@nats-io/jetstream'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { median } from '../../src-main/core/numeric/median.ts'
import { InputEncoder } from '../../src-main/edge/nats/task-input.ts'
import { seeded } from '../../src-main/edge/segment-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { connectNats } from '../../src-main/nats/connect.ts'
import { ResultOpener } from '../../src-main/owner/decrypt.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { argumentsOf } from '../../scripts/arguments.ts'
import { root } from '../support/cli.ts'
import { Cluster, type Deployment } from './cluster.ts'
import { deployLenet } from './deploy-network.ts'
import { deployTiny, tinyQuestion } from './tiny.ts'
import { processorMs } from './processor-time.ts'
import { answerMany, leftovers, type Question } from './trials.ts'

const { values } = argumentsOf({
  options: {
    jobs: { type: 'string', default: '10000' },
    window: { type: 'string', default: '16' },
    network: { type: 'string', default: 'tiny' },
    http: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const jobs = Number(values.jobs)
const window = Number(values.window)
const isTiny = values.network === 'tiny'
const TURNS = 3

type Deployed = Deployment & { readonly question: () => Question }

async function deploy(folder: string): Promise<Deployed> {
  if (!isTiny) return await deployLenet(folder, 'nodes=1')
  await mkdir(folder)
  return { ...(await deployTiny(folder)), question: tinyQuestion }
}

/** Most consumers that any stream of the server had at once, asked once a second. */
function watchConsumers(url: string): { stop: () => Promise<number> } {
  let most = 0
  let isStopped = false
  const watching = (async () => {
    const connection = await connectNats({ url }, 'watcher')
    const manager = await jetstreamManager(connection)
    while (!isStopped) {
      for await (const { state } of manager.streams.list()) most = Math.max(most, state.consumer_count)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    await connection.close()
  })()
  return {
    async stop() {
      isStopped = true
      await watching
      return most
    },
  }
}

/** Processor time in milliseconds of all that a cluster is made of, by role; the submitter is this process. */
async function processorMsByRole({ processIds }: Cluster): Promise<Record<string, number>> {
  const { user, system } = process.cpuUsage()
  const of = async ([role, ids]: [string, readonly number[]]): Promise<[string, number]> => {
    const all = await Promise.all(ids.map(processorMs))
    return [role, all.reduce((sum, ms) => sum + ms, 0)]
  }
  return Object.fromEntries([
    ['submitter', (user + system) / 1000],
    ...(await Promise.all(Object.entries(processIds).map(of))),
  ])
}

/** Jobs a second of one edge over HTTP, `window` at once: encrypted here, computed there, opened here. */
async function overHttp(
  { bundle: path, keysFolder, passphrase, id, question }: Deployed,
  count: number,
): Promise<number> {
  const entry = join(root, 'src-main', 'edge', 'main.ts')
  const options = ['--port=0', `--queue=${window}`, '--allow-unsigned', '--log-level=error']
  const server = spawn(process.execPath, [entry, 'serve', path, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const bundle = await Bundle.open(path)
  const encoder = await InputEncoder.load(bundle)
  const keys = new UnlockedKeyStore(keysFolder, { passphrase })
  const opener = await ResultOpener.load(keys, await keys.store.read(id), 0)
  try {
    let url = ''
    for await (const line of createInterface({ input: server.stdout })) {
      url = (JSON.parse(line) as { url: string }).url
      break
    }
    let next = 0
    const some = async (): Promise<void> => {
      while (next++ < count) {
        const { input, label } = question()
        const body = encoder.encode({ ...seeded(input), job: newAnswerKeys().job }) as Uint8Array<ArrayBuffer>
        const headers = { 'content-type': 'application/octet-stream' }
        const response = await fetch(`${url}/v1/run`, { method: 'POST', body, headers })
        if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`)
        const outputs = opener.open(decodeResult(new Uint8Array(await response.arrayBuffer()), sha256))
        if (outputs.indexOf(Math.max(...outputs)) !== label) throw new Error('another label than the right one')
      }
    }
    await Promise.all(Array.from({ length: window }, some))
    const startedMs = performance.now()
    next = 0
    await Promise.all(Array.from({ length: window }, some))
    return (1000 * count) / (performance.now() - startedMs)
  } finally {
    server.kill('SIGKILL')
    opener.delete()
    await encoder.delete()
    await bundle.close()
  }
}

const folder = await mkdtemp(join(tmpdir(), 'sealwright-many-'))
try {
  const network = await deploy(join(folder, 'network'))
  const through = async (count: number, turn: number) => {
    const cluster = await Cluster.start(network, {
      folder: join(folder, `turn ${turn}`),
      limit: 256,
      isGatewayApart: true,
    })
    await cluster.startNodes(...(isTiny ? ['1', '2', '1,2'] : ['1', '1', '1']))
    const watch = watchConsumers(cluster.server.url)
    const before = await processorMsByRole(cluster)
    const { jobsPerSecond } = await answerMany(cluster, network.question, { jobs: count, window })
    const after = await processorMsByRole(cluster)
    const msPerJob = Object.entries(after).map(([role, ms]) => [role, (ms - before[role]) / count])
    const mostConsumers = await watch.stop()
    const { tasks, objects } = await leftovers(cluster)
    const connection = await connectNats({ url: cluster.server.url }, 'many')
    const server = `nats-server ${connection.info?.version}`
    await connection.close()
    await cluster.close()
    return {
      ...{ jobs: count, jobsPerSecond, processorMsPerJob: Object.fromEntries(msPerJob) as Record<string, number> },
      ...{ mostConsumers, tasksLeft: tasks, objectsLeft: objects, server },
    }
  }
  let report: object = {}
  if (values.http) {
    const turns: { queue: number; http: number }[] = []
    for (let turn = 0; turn < TURNS; turn++) {
      const http = await overHttp(network, jobs)
      const queue = (await through(jobs, turn)).jobsPerSecond
      turns.push({ queue, http })
    }
    report = { jobs, turns, ratio: median(turns.map(({ queue, http }) => queue / http)) }
  } else {
    report = await through(jobs, 0)
  }
  const text = `${JSON.stringify(report, null, 2)}\n`
  process.stdout.write(text)
  if (values.json !== undefined) await writeFile(values.json, text)
} finally {
  await rm(folder, { recursive: true, force: true })
}

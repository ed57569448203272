/**
 * What the parts of a deployment cost on this machine, one at a time: the figures that the simulator is fed with.
 *
 *     node test/nats/measure-costs.ts [split = relu_2:refresh,relu_5:refresh] > scripts/simulate/costs.json
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Costs, SegmentCost } from '../../scripts/simulate/model.ts'
import { decodeResultHeader, isKind } from '../../src-main/core/bundle/result.ts'
import { noLog } from '../../src-main/core/log.ts'
import { decodeTaskInput, InputEncoder } from '../../src-main/edge/nats/task-input.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { Engine } from '../../src-main/edge/serve/engine.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { getObject, putObject, removeObject } from '../../src-main/nats/objects.ts'
import type { Queues } from '../../src-main/nats/queues.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'
import { Cluster } from './cluster.ts'
import { deployLenet, type DeployedNetwork } from './deploy-network.ts'
import { Liar } from './trials.ts'

/** Three segments with the owner between them. */
export const defaultSplit = 'relu_2:refresh,relu_5:refresh'

const rounds = 5
const largeBytes = 4e6

/** Every file that goes from segment to segment names its job. */
const jobOf = (input: Uint8Array): string =>
  decodeResultHeader(input, isKind(input, 'handed') ? 'handed' : 'refreshed').job!

/** Medians, with single-threaded nodes; the cluster has no nodes that would be in the way. */
export async function measureCosts(cluster: Cluster, network: DeployedNetwork): Promise<Costs> {
  const bundle = await Bundle.open(network.bundle)
  const liar = await Liar.connect(cluster)
  try {
    const segments: SegmentCost[] = []
    const encoder = await InputEncoder.load(bundle)
    const encryptMs = await median(async () => void encoder.encode(network.question().input))
    let input = encoder.encode(network.question().input)
    await encoder.delete()
    const transfers = await measureTransfers(liar.queues)
    for (const { index } of bundle.manifest.segments) {
      const setup = { bundle: network.bundle, bundleSha256: bundle.sha256, segment: index }
      const engine = await Engine.start({ ...setup, options: { threads: 1, evaluator: 'auto' } })
      const job = decodeTaskInput(input, jobOf(input), bundle, index, await bundle.plan(bundle.segment(index)))
      let result: Uint8Array = new Uint8Array()
      const computeMs = await median(async () => void (result = (await engine.run(job)).file))
      await engine.end()
      const sizes = { inputBytes: input.length, resultBytes: result.length }
      const cut = bundle.cutAfter(index)
      if (cut === 'hand-off') input = result
      const owner = async (): Promise<void> => {
        if (cut === undefined) await cluster.desk.open(result)
        else input = await cluster.desk.refresh(result)
      }
      segments.push({ computeMs, ...sizes, ownerMs: cut === 'hand-off' ? 0 : await median(owner) })
    }
    const source = `LeNet-5 cut at ${network.cuts.join(', ')}; single-threaded nodes, ${cpus()[0].model}`
    return rounded({ source, segments, encryptMs, ...transfers })
  } finally {
    await liar.close()
    await bundle.close()
  }
}

/** Tenths of milliseconds are more than repeats. */
const rounded = (costs: Costs): Costs =>
  JSON.parse(JSON.stringify(costs, (_, value) => (typeof value === 'number' ? Math.round(10 * value) / 10 : value)))

async function measureTransfers(queues: Queues) {
  const job = { job: randomBytes(16).toString('hex'), deadlineMs: Date.now() + 600_000 }
  const transfer = async (size: number) => {
    const sent = new Uint8Array(size).map((_, i) => i)
    let object = await putObject(queues, job, sent)
    const putMs = await median(async () => void (object = await putObject(queues, job, sent)))
    const getMs = await median(async () => void (await getObject(queues, object)))
    return { putMs, getMs, object }
  }
  const { object, ...small } = await transfer(1)
  const large = await transfer(largeBytes)
  const taskMs = await median(async () => {
    const done = new AbortController()
    const { job, answerKey } = newAnswerKeys()
    const task = { version: 1, job, answerKey, deadlineMs: Date.now() + 60_000, object } as const
    await queues.add('compute', 0, task)
    const handle = async () => {
      done.abort()
      return {}
    }
    await takeTasks(queues, ['compute', 0], handle, done.signal, noLog)
  })
  await removeObject(queues, object)
  const perMB = (smallMs: number, largeMs: number): number => (1e6 * (largeMs - smallMs)) / largeBytes
  return {
    putMs: small.putMs,
    putMsPerMB: perMB(small.putMs, large.putMs),
    getMs: small.getMs,
    getMsPerMB: perMB(small.getMs, large.getMs),
    taskMs,
  }
}

async function median(work: () => Promise<void>): Promise<number> {
  await work()
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    const startedMs = performance.now()
    await work()
    times.push(performance.now() - startedMs)
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)]
}

if (import.meta.main) {
  const [split = defaultSplit] = process.argv.slice(2)
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-costs-'))
  try {
    const network = await deployLenet(join(folder, 'network'), split)
    const cluster = await Cluster.start(network, { folder })
    const costs = await measureCosts(cluster, network)
    console.log(
      JSON.stringify(costs, (_, value) => (typeof value === 'number' ? Math.round(10 * value) / 10 : value), 2),
    )
    await cluster.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

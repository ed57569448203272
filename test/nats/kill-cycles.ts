/**
 * Kills a node and then the NATS server, over and over, while jobs arrive; every fifth time the gateway too. Counts jobs
 * that were lost, answered twice or left something behind. Exits with 1 unless all counts are 0.
 *
 *     npm run test:faults -- [--cycles 20] [--rate 40] [--network tiny | lenet] [--gateway] [--json FILE]
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectNats } from '../../src-main/nats/connect.ts'
import { seededRandom } from '../support/seed.ts'
import { Cluster } from './cluster.ts'
import { deployLenet } from './deploy-network.ts'
import { deployTiny, tinyQuestion } from './tiny.ts'
import { answersKept, leftovers, trial } from './trials.ts'
import { argumentsOf } from '../../scripts/arguments.ts'

const { values } = argumentsOf({
  options: {
    cycles: { type: 'string', default: '20' },
    rate: { type: 'string' },
    network: { type: 'string', default: 'tiny' },
    gateway: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})
const cycles = Number(values.cycles)
const isTiny = values.network === 'tiny'
/** Jobs a second; a cycle submits for one second, LeNet-5 for eight. */
const rate = Number(values.rate ?? (isTiny ? 40 : 1))
const submitMs = isTiny ? 1_000 : 8_000
const jobsPerCycle = Math.max(1, Math.round((rate * submitMs) / 1000))
const deadlineSeconds = isTiny ? 60 : 240
/** After a job's answer its task and input go; what died with a node is swept every ten seconds. */
const clearedMs = 30_000
process.env.TEST_SEED ??= 'random'
const random = seededRandom('kill moments')

const deploy = async (folder: string) => {
  if (!isTiny) return await deployLenet(folder, 'relu_2:hand-off,relu_5:refresh')
  await mkdir(folder)
  return { ...(await deployTiny(folder)), question: tinyQuestion }
}

const folder = await mkdtemp(join(tmpdir(), 'sealwright-faults-'))
const released = async (): Promise<number> =>
  (await readFile(join(folder, 'audit.log'), 'utf8')).match(/"event":"released"/g)?.length ?? 0

try {
  const network = await deploy(join(folder, 'network'))
  const cluster = await Cluster.start(network, { folder, limit: 256, isGatewayApart: true })
  await cluster.startNodes(...(isTiny ? ['1', '2', '1,2'] : ['1', '2', '3']))
  const connection = await connectNats({ url: cluster.server.url }, 'faults')
  const server = `nats-server ${connection.info?.version}`
  await connection.close()
  const report = { cycles: 0, jobs: 0, lost: 0, doubled: 0, tasksLeft: 0, objectsLeft: 0, server, jobsPerSecond: rate }
  const options = {
    jobs: jobsPerCycle,
    question: network.question,
    deadlineSeconds,
    everyMs: 1000 / rate,
    insists: true,
  }
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const startedMs = performance.now()
    const before = await released()
    const nodeAtMs = Math.round(submitMs * random())
    const serverAtMs = nodeAtMs + Math.round(400 * random())
    const killsGateway = values.gateway && cycle % 5 === 0
    const outcomes = await trial(cluster, options, async () => {
      await pause(nodeAtMs)
      await cluster.nodes[cycle % cluster.nodes.length].kill()
      if (killsGateway) await cluster.killGateway()
      await pause(serverAtMs - nodeAtMs)
      await cluster.restartServer()
    })
    const endedMs = performance.now()
    let left = await leftovers(cluster)
    while (left.tasks + left.objects > 0 && performance.now() - endedMs < clearedMs) {
      await pause(500)
      left = await leftovers(cluster)
    }
    const opened = (await released()) - before
    report.cycles += 1
    report.jobs += jobsPerCycle
    report.lost += jobsPerCycle - (outcomes.right ?? 0)
    // A gateway that dies between an answer and its publication opens it again, and counts it again.
    report.doubled += killsGateway ? 0 : Math.max(0, opened - jobsPerCycle)
    report.doubled += (await answersKept(cluster)).mostPerJob - 1
    report.tasksLeft += left.tasks
    report.objectsLeft += left.objects
    const seconds = ((endedMs - startedMs) / 1000).toFixed(1)
    const clearing = ((performance.now() - endedMs) / 1000).toFixed(1)
    const killed = `node after ${nodeAtMs} ms, server after ${serverAtMs} ms${killsGateway ? ', gateway' : ''}`
    console.log(`cycle ${cycle}, ${killed}: ${JSON.stringify(outcomes)} in ${seconds} s, cleared in ${clearing} s`)
    if (left.tasks + left.objects > 0 || opened !== jobsPerCycle) console.log(JSON.stringify({ left, opened }))
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
  }
  await cluster.close()
  console.log(JSON.stringify(report))
  process.exitCode = report.lost + report.doubled + report.tasksLeft + report.objectsLeft > 0 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}

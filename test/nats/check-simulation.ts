/**
 * The simulator against a real run: three nodes, the gateway and the NATS server as processes of this machine. Measures
 * costs one at a time, predicts throughput and latency from them, and compares. Exits with 1 beyond 20 %. With --write
 * the costs become those of the simulator, and docs/scale.md is brought up to date.
 *
 *     node test/nats/check-simulation.ts [--write] [jobs = 24]
 */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { costsPath, defaultCounts, resultsPage, writeSection } from '../../scripts/simulate/main.ts'
import { simulate, type Network } from '../../scripts/simulate/model.ts'
import { Cluster } from './cluster.ts'
import { deployLenet } from './deploy-network.ts'
import { defaultSplit, measureCosts } from './measure-costs.ts'
import { answerMany } from './trials.ts'

const writes = process.argv.includes('--write')
const [jobs = 24] = process.argv
  .slice(2)
  .filter((word) => word !== '--write')
  .map(Number)
const most = 0.2
const window = 6
/** What the loopback costs is in the costs of transfers. */
const instant = { bytesPerMs: Infinity, rttMs: 0 }
const loopback: Network = { node: instant, gateway: instant, server: instant }

const folder = await mkdtemp(join(tmpdir(), 'sealwright-simulation-'))
try {
  const network = await deployLenet(join(folder, 'network'), defaultSplit)
  const cluster = await Cluster.start(network, { folder, limit: 64 })
  const costs = await measureCosts(cluster, network)
  console.log(JSON.stringify(costs))
  const lines = ['| | simulated | real | error |', '|---|---|---|---|']
  const nodes = costs.segments.map(() => 1)
  const scenario = { costs, network: loopback, nodes, cores: availableParallelism() }
  await cluster.startNodes(...nodes.map((_, segment) => String(segment + 1)))
  await answerMany(cluster, network.question, { jobs: 4, window: 2 })
  const compared = [
    ['one job at a time, seconds', 6, 1, 'meanLatencyMs', 1e-3],
    [`${window} jobs at a time, jobs/s`, jobs, window, 'jobsPerSecond', 1],
    [`${window} jobs at a time, seconds`, jobs, window, 'meanLatencyMs', 1e-3],
  ] as const
  const runs = new Map<number, Awaited<ReturnType<typeof answerMany>>>()
  for (const [what, count, at, figure, unit] of compared) {
    const real = runs.get(at) ?? (await answerMany(cluster, network.question, { jobs: count, window: at }))
    runs.set(at, real)
    const simulated = simulate({ ...scenario, jobs: count, load: { window: at } })
    const error = simulated[figure] / real[figure] - 1
    const [was, said] = [real[figure] * unit, simulated[figure] * unit].map((value) => value.toFixed(3))
    lines.push(`| ${what} | ${said} | ${was} | ${(100 * error).toFixed(1)} % |`)
    console.log(lines.at(-1))
    if (Math.abs(error) > most) process.exitCode = 1
  }
  await cluster.close()
  if (writes) {
    writeFileSync(costsPath, `${JSON.stringify(costs, null, 2)}\n`)
    writeSection('results', resultsPage(costs, 'lan', defaultCounts))
    writeSection('check', lines.join('\n'))
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

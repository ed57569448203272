/**
 * Throughput and latency of a deployment over many nodes, and what refreshes cost over networks, from measured costs:
 *
 *     npm run simulate -- [--costs FILE] [--nodes 1,10,100] [--network lan|office|lte|satellite] [--json]
 *
 * docs/scale.md explains the model; test/nats/measure-costs.ts measures costs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { allot, refreshMs, simulate, taskMs, type Costs, type Link, type Network, type Outcome } from './model.ts'
import { argumentsOf } from '../arguments.ts'

const link = (megabitPerSecond: number, rttMs: number): Link => ({ bytesPerMs: megabitPerSecond * 125, rttMs })
const datacentre = link(10_000, 0.2)
const edges: Readonly<Record<string, Link>> = {
  lan: link(1_000, 0.5),
  office: link(100, 5),
  lte: link(20, 50),
  satellite: link(50, 600),
}

/** Nodes and submitters reach a NATS server and a gateway in a data centre over `name`. */
function networkOf(name: string): Network {
  const node = edges[name]
  if (!node) throw new Error(`--network is one of ${Object.keys(edges).join(', ')}.`)
  return { node, gateway: link(1_000, 0.5), server: datacentre }
}

export interface Row extends Outcome {
  readonly count: number
  readonly nodes: readonly number[]
  /** With one job at a time. */
  readonly aloneMs: number
  /** At 80 % of the throughput, arrivals at random. */
  readonly busyMs: number
}

export function rowsOf(costs: Costs, network: Network, counts: readonly number[]): Row[] {
  return counts.map((count) => {
    const nodes = allot({ costs, network }, count)
    const scenario = { costs, network, nodes }
    const window = 3 * (count + 4 * costs.segments.length)
    const outcome = simulate({ ...scenario, jobs: 12 * window, load: { window } })
    const everyMs = 1000 / (0.8 * outcome.jobsPerSecond)
    const { meanLatencyMs: busyMs } = simulate({ ...scenario, jobs: Math.max(400, 6 * window), load: { everyMs } })
    const { meanLatencyMs: aloneMs } = simulate({ ...scenario, jobs: 4, load: { window: 1 } })
    return { count, nodes, ...outcome, aloneMs, busyMs }
  })
}

/** A round trip by way of the owner against nothing at all: what each refresh adds over each network. */
export const refreshesOf = (costs: Costs) =>
  Object.keys(edges).map((name) => {
    const scenario = { costs, network: networkOf(name) }
    const isRefreshed = costs.segments.map(({ ownerMs }, s) => ownerMs > 0 && s + 1 < costs.segments.length)
    const each = costs.segments.flatMap((_, s) => (isRefreshed[s] ? [refreshMs(scenario, s)] : []))
    return { name, each, jobMs: costs.segments.reduce((sum, _, s) => sum + taskMs(scenario, s), 0) }
  })

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const nodesTable = (rows: readonly Row[]): string =>
  table(
    ['nodes', 'per segment', 'jobs/s', 'one job alone', 'at 80 % of that rate', 'busiest'],
    rows.map(({ count, nodes, jobsPerSecond, aloneMs, busyMs, bottleneck, busy }) => [
      String(count),
      nodes.length === 1 ? 'all of them' : nodes.join(' + '),
      jobsPerSecond.toFixed(2),
      seconds(aloneMs),
      seconds(busyMs),
      `${bottleneck}, ${Math.round(100 * busy)} %`,
    ]),
  )

const refreshesTable = (refreshes: ReturnType<typeof refreshesOf>): string =>
  table(
    ['nodes reached over', 'refreshes of one job', "its nodes' time, transfers included"],
    refreshes.map(({ name, each, jobMs }) => [name, each.map(seconds).join(' + '), seconds(jobMs)]),
  )

const costsTable = ({ segments, ...others }: Costs): string =>
  [
    table(
      ['segment', 'compute', 'input', 'result', 'owner'],
      segments.map(({ computeMs, inputBytes, resultBytes, ownerMs }, s) => [
        String(s + 1),
        `${Math.round(computeMs)} ms`,
        `${(inputBytes / 1e6).toFixed(2)} MB`,
        `${(resultBytes / 1e6).toFixed(2)} MB`,
        `${Math.round(ownerMs)} ms`,
      ]),
    ),
    `Storing an object ${others.putMs} ms and ${others.putMsPerMB} ms/MB, fetching one ${others.getMs} ms and ${others.getMsPerMB} ms/MB, messages ${others.taskMs} ms, an input's encryption ${others.encryptMs} ms.`,
  ].join('\n\n')

/** What docs/scale.md shows of a simulation. */
export function resultsPage(costs: Costs, name: string, counts: readonly number[]): string {
  return [
    `${costs.source}. Nodes over ${name}:`,
    costsTable(costs),
    nodesTable(rowsOf(costs, networkOf(name), counts)),
    refreshesTable(refreshesOf(costs)),
  ].join('\n\n')
}

/** Replaces what is between a page's `<!-- name -->` and the next `<!-- end -->`. */
export function writeSection(name: string, text: string): void {
  const path = new URL('../../docs/scale.md', import.meta.url)
  const page = readFileSync(path, 'utf8')
  const section = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`)
  if (!section.test(page)) throw new Error(`docs/scale.md has no section ${name}.`)
  writeFileSync(
    path,
    page.replace(section, (_, start: string, end: string) => `${start}\n${text}\n\n${end}`),
  )
}

export const defaultCounts = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000]
export const costsPath = new URL('costs.json', import.meta.url)

if (import.meta.main) {
  const { values } = argumentsOf({
    options: {
      costs: { type: 'string' },
      nodes: { type: 'string' },
      network: { type: 'string', default: 'lan' },
      json: { type: 'boolean', default: false },
    },
  })
  const costs = JSON.parse(readFileSync(values.costs ?? costsPath, 'utf8')) as Costs
  const counts = values.nodes?.split(',').map(Number) ?? defaultCounts
  const { network } = values
  if (values.json) {
    const rows = rowsOf(costs, networkOf(network), counts)
    console.log(JSON.stringify({ costs, network, rows, refreshes: refreshesOf(costs) }, null, 2))
  } else console.log(resultsPage(costs, network, counts))
}

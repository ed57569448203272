/** How jobs pass through segments, queues and the owner's gateway, in simulated time. docs/scale.md explains it. */
import { Server, Simulation, type Process, type Wish } from './events.ts'

export interface SegmentCost {
  /** One task on one node, without transfers. */
  readonly computeMs: number
  readonly inputBytes: number
  readonly resultBytes: number
  /** The owner's work on the result: a refresh, or the opening of the last one; 0 where it is handed on. */
  readonly ownerMs: number
}

export interface Costs {
  /** Where the figures come from. */
  readonly source: string
  readonly segments: readonly SegmentCost[]
  /** Encrypting one input. */
  readonly encryptMs: number
  /** Processor time of storing or fetching an object, hashing included: for any, and for each megabyte. */
  readonly putMs: number
  readonly putMsPerMB: number
  readonly getMs: number
  readonly getMsPerMB: number
  /** Processor time for a task beside that: messages, acknowledgements, the audit log. */
  readonly taskMs: number
}

const putMs = (costs: Costs, bytes: number): number => costs.putMs + (costs.putMsPerMB * bytes) / 1e6
const getMs = (costs: Costs, bytes: number): number => costs.getMs + (costs.getMsPerMB * bytes) / 1e6

export interface Link {
  readonly bytesPerMs: number
  readonly rttMs: number
}

export interface Network {
  /** Of each node and of each submitter. */
  readonly node: Link
  readonly gateway: Link
  /** Of the NATS server, which everything passes twice. */
  readonly server: Link
}

export interface Scenario {
  readonly costs: Costs
  readonly network: Network
  /** Nodes per segment; one number alone means that each of so many nodes holds all segments. */
  readonly nodes: readonly number[]
  /** Where all run on one machine: its cores. */
  readonly cores?: number
  readonly jobs: number
  /** Jobs under way at once, or the mean pause between two arrivals. */
  readonly load: { readonly window: number } | { readonly everyMs: number }
}

export interface Outcome {
  readonly jobsPerSecond: number
  readonly meanLatencyMs: number
  readonly p95LatencyMs: number
  /** What is busy for the largest share of the time, and that share. */
  readonly bottleneck: string
  readonly busy: number
}

/** Results that the gateway fetches or stores at once, for each segment. */
const deskPlaces = 2
/** Round trips of storing an object, fetching one, and of a task's own messages. */
const trips = { put: 2, get: 3, messages: 2 }
/** Turns in which processes on one machine share its cores. */
const sliceMs = 5
/** Of a run's jobs, those that fill the pipeline are not counted. */
const warmUp = 0.25

export function simulate({ costs, network, nodes, cores, jobs, load }: Scenario): Outcome {
  const simulation = new Simulation()
  const { segments } = costs
  const isShared = nodes.length === 1 && segments.length > 1
  const pools = nodes.map((count, s) => new Server(isShared ? 'nodes' : `nodes of segment ${s + 1}`, count))
  const poolOf = (segment: number): Server => pools[isShared ? 0 : segment]
  const desks = segments.map((_, s) => new Server(`desk ${s + 1}`, deskPlaces))
  const gateway = new Server("the gateway's thread", 1)
  const gatewayLink = new Server("the gateway's link", 1)
  const serverLink = new Server("the NATS server's link", 1)
  const machine = cores === undefined ? undefined : new Server('the machine', cores)

  /** Processor time, of which a machine shared by all has only so much. */
  const work = (ms: number): Wish => (machine ? { use: machine, ms, sliceMs } : { wait: ms })

  function* transfer(direction: 'put' | 'get', bytes: number, link: Link, shared?: Server): Process {
    yield { wait: trips[direction] * (link.rttMs + network.server.rttMs) }
    const carryMs = bytes / link.bytesPerMs
    yield shared ? { use: shared, ms: carryMs } : { wait: carryMs }
    yield { use: serverLink, ms: bytes / network.server.bytesPerMs }
    yield work(direction === 'put' ? putMs(costs, bytes) : getMs(costs, bytes))
  }

  function* compute(segment: number): Process {
    const { computeMs, inputBytes, resultBytes } = segments[segment]
    const { node } = network
    yield { take: poolOf(segment) }
    const sinceMs = simulation.nowMs
    yield* transfer('get', inputBytes, node)
    yield work(computeMs)
    yield* transfer('put', resultBytes, node)
    yield { wait: trips.messages * (node.rttMs + network.server.rttMs) }
    yield work(costs.taskMs)
    poolOf(segment).busyMs += simulation.nowMs - sinceMs
    yield { give: poolOf(segment) }
  }

  function* settle(segment: number): Process {
    const { ownerMs, resultBytes } = segments[segment]
    const next = segments.at(segment + 1)
    const link = network.gateway
    yield { take: desks[segment] }
    yield* transfer('get', resultBytes, link, gatewayLink)
    yield { take: gateway }
    const sinceMs = simulation.nowMs
    yield work(ownerMs)
    gateway.busyMs += simulation.nowMs - sinceMs
    yield { give: gateway }
    if (next && segment + 1 < segments.length) yield* transfer('put', next.inputBytes, link, gatewayLink)
    yield { wait: trips.messages * (link.rttMs + network.server.rttMs) }
    yield work(costs.taskMs)
    yield { give: desks[segment] }
  }

  const ends: { readonly startedMs: number; readonly atMs: number }[] = []
  let started = 0

  function* job(): Process {
    started += 1
    const startedMs = simulation.nowMs
    yield work(costs.encryptMs)
    yield* transfer('put', segments[0].inputBytes, network.node)
    for (let segment = 0; segment < segments.length; segment++) {
      yield* compute(segment)
      if (segments[segment].ownerMs > 0) yield* settle(segment)
    }
    ends.push({ startedMs, atMs: simulation.nowMs })
    if ('window' in load && started < jobs) simulation.start(job())
  }

  function* arrivals(everyMs: number): Process {
    const random = seeded()
    while (started < jobs) {
      simulation.start(job())
      yield { wait: -everyMs * Math.log(1 - random()) }
    }
  }

  if ('everyMs' in load) simulation.start(arrivals(load.everyMs))
  else for (let i = 0; i < Math.min(load.window, jobs); i++) simulation.start(job())
  simulation.run()
  return outcomeOf(ends, [...pools, gateway, gatewayLink, serverLink, ...(machine ? [machine] : [])], simulation.nowMs)
}

function outcomeOf(
  ends: readonly { readonly startedMs: number; readonly atMs: number }[],
  servers: readonly Server[],
  totalMs: number,
): Outcome {
  const first = Math.floor(warmUp * ends.length)
  const counted = ends.slice(first)
  const fromMs = first > 0 ? ends[first - 1].atMs : 0
  const latencies = counted.map(({ startedMs, atMs }) => atMs - startedMs).sort((a, b) => a - b)
  const shares = servers.map((server) => ({ name: server.name, busy: server.busyMs / server.places / totalMs }))
  const { name, busy } = shares.reduce((most, share) => (share.busy > most.busy ? share : most))
  return {
    jobsPerSecond: (1000 * counted.length) / (counted.at(-1)!.atMs - fromMs),
    meanLatencyMs: latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length,
    p95LatencyMs: latencies[Math.floor(0.95 * (latencies.length - 1))],
    bottleneck: name,
    busy,
  }
}

/** The same arrivals in every run: Lehmer's generator, modulus 2³¹ − 1. */
function seeded(): () => number {
  let state = 20_190_701
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** What a node does for one task, transfers included, while nobody else is in its way. */
export function taskMs({ costs, network }: Pick<Scenario, 'costs' | 'network'>, segment: number): number {
  const { computeMs, inputBytes, resultBytes } = costs.segments[segment]
  const { node, server } = network
  const carryMs = (inputBytes + resultBytes) * (1 / node.bytesPerMs + 1 / server.bytesPerMs)
  const processorMs = getMs(costs, inputBytes) + putMs(costs, resultBytes)
  const roundTrips = trips.get + trips.put + trips.messages
  return computeMs + carryMs + processorMs + costs.taskMs + roundTrips * (node.rttMs + server.rttMs)
}

/** So many nodes where each is of most use; fewer than segments hold all of them. */
export function allot(scenario: Pick<Scenario, 'costs' | 'network'>, count: number): number[] {
  const { segments } = scenario.costs
  if (count < segments.length) return [count]
  const nodes = segments.map(() => 1)
  const perNode = segments.map((_, segment) => taskMs(scenario, segment))
  for (let left = count - segments.length; left > 0; left--) {
    const loads = nodes.map((n, segment) => perNode[segment] / n)
    nodes[loads.indexOf(Math.max(...loads))] += 1
  }
  return nodes
}

/** From a node's result to the next node's input: what a refresh adds to a job, with nobody in the way. */
export function refreshMs({ costs, network }: Pick<Scenario, 'costs' | 'network'>, segment: number): number {
  const { resultBytes, ownerMs } = costs.segments[segment]
  const { inputBytes } = costs.segments[segment + 1]
  const bytes = resultBytes + inputBytes
  const { gateway, node, server } = network
  const carryMs = bytes * (1 / node.bytesPerMs + 1 / gateway.bytesPerMs + 2 / server.bytesPerMs)
  const transferMs = [resultBytes, inputBytes].map((size) => putMs(costs, size) + getMs(costs, size))
  const processorMs = transferMs[0] + transferMs[1] + 2 * costs.taskMs
  const roundTrips = trips.put + trips.get
  const waitMs =
    roundTrips * (gateway.rttMs + node.rttMs + 2 * server.rttMs) + trips.messages * (gateway.rttMs + server.rttMs)
  return ownerMs + carryMs + processorMs + waitMs
}

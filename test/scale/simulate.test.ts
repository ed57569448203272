import { describe, expect, it } from 'vitest'
import { Server, Simulation, type Process } from '../../scripts/simulate/events.ts'
import { allot, refreshMs, simulate, taskMs, type Costs, type Network } from '../../scripts/simulate/model.ts'

const instant = { bytesPerMs: Infinity, rttMs: 0 }
const network: Network = { node: instant, gateway: instant, server: instant }
const costs: Costs = {
  source: 'made up',
  encryptMs: 0,
  putMs: 0,
  putMsPerMB: 10,
  getMs: 0,
  getMsPerMB: 10,
  taskMs: 0,
  segments: [
    { computeMs: 380, inputBytes: 1e6, resultBytes: 1e6, ownerMs: 40 },
    { computeMs: 180, inputBytes: 1e6, resultBytes: 1e6, ownerMs: 10 },
  ],
}

describe('events', () => {
  it('let a server serve in turn, and share it in slices where others wait', () => {
    const simulation = new Simulation()
    const ends: string[] = []
    const core = new Server('core', 1)
    function* user(name: string, ms: number): Process {
      yield { use: core, ms, sliceMs: 10 }
      ends.push(`${name} at ${simulation.nowMs}`)
    }
    simulation.start(user('long', 100))
    simulation.start(user('short', 20))
    simulation.run()
    expect(ends).toEqual(['short at 40', 'long at 120'])
    expect(core.busyMs).toBe(120)
  })
})

describe('the simulator', () => {
  const rate = (nodes: readonly number[]): number =>
    simulate({ costs, network, nodes, jobs: 2000, load: { window: 20 } }).jobsPerSecond

  it('lets one job take the time of its parts', () => {
    const { meanLatencyMs } = simulate({ costs, network, nodes: [1, 1], jobs: 4, load: { window: 1 } })
    // Two tasks, a transfer of the input, of the refresh both ways, and of the last result.
    expect(meanLatencyMs).toBeCloseTo(400 + 200 + 10 + 60 + 20, 6)
    expect(taskMs({ costs, network }, 0)).toBe(400)
    expect(refreshMs({ costs, network }, 0)).toBe(80)
  })

  it('works as fast as the segment with the most work per node', () => {
    expect(rate([1, 1])).toBeCloseTo(2.5, 1)
    expect(rate([2, 1])).toBeCloseTo(5, 1)
    expect(rate([3])).toBeCloseTo(5, 1)
  })

  it('ends where the owner’s thread is busy all the time', () => {
    const { jobsPerSecond, bottleneck, busy } = simulate({
      costs,
      network,
      nodes: [60, 30],
      jobs: 4000,
      load: { window: 400 },
    })
    expect(jobsPerSecond).toBeGreaterThan(19)
    expect(jobsPerSecond).toBeLessThan(20.1)
    expect(bottleneck).toBe("the gateway's thread")
    expect(busy).toBeGreaterThan(0.9)
  })

  it('adds what links cost', () => {
    const slow = { ...network, node: { bytesPerMs: 1000, rttMs: 50 } }
    expect(taskMs({ costs, network: slow }, 0)).toBe(400 + 2000 + 7 * 50)
  })

  it('gives nodes to the segment that needs them most', () => {
    expect(allot({ costs, network }, 1)).toEqual([1])
    expect(allot({ costs, network }, 2)).toEqual([1, 1])
    expect(allot({ costs, network }, 30)).toEqual([20, 10])
  })
})

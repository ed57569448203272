/**
 * LeNet-5 whole, on single-threaded nodes pinned to one core each: what one node answers a second, and what two do that
 * share its segment.
 *
 *     node test/nats/throughput.ts [jobs = 24]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Cluster } from './cluster.ts'
import { deployLenet } from './deploy-network.ts'
import { answerMany, leftovers } from './trials.ts'

const [jobs = 24] = process.argv.slice(2).map(Number)
const folder = await mkdtemp(join(tmpdir(), 'sealwright-throughput-'))
try {
  const network = await deployLenet(join(folder, 'network'), 'nodes=1')
  const rate = async (count: number): Promise<number> => {
    const cluster = await Cluster.start(network, { folder: join(folder, String(count)), limit: 64, isPinned: true })
    // All is encrypted and queued before a node starts: on this machine it would take the nodes' time.
    const answered = answerMany(cluster, network.question, { jobs, window: jobs })
    while ((await leftovers(cluster)).tasks < jobs) await pause(500)
    await cluster.startNodes(...Array.from({ length: count }, () => '1'))
    const { jobsPerSecond } = await answered
    await cluster.close()
    return jobsPerSecond
  }
  const [one, two] = [await rate(1), await rate(2)]
  console.log(
    `cores ${availableParallelism()}; one node ${one.toFixed(2)} jobs/s, two ${two.toFixed(2)}: ${(two / one).toFixed(2)} ×`,
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}

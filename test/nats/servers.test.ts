import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { silent } from '../../src-main/core/progress.ts'
import { serveQueues, type Node } from '../../src-main/edge/nats/node.ts'
import { Submitter } from '../../src-main/edge/nats/submit.ts'
import { freePort, startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { connectNats } from '../../src-main/nats/connect.ts'
import { persist } from '../../src-main/nats/persist.ts'
import { openDesk, type Desk } from '../../src-main/owner/gateway/desk.ts'
import { answerQueues, type AnsweringQueues } from '../../src-main/owner/gateway/queues.ts'
import { temporaryFolder } from '../owner/exported.ts'
import { deployTiny, tinyQuestion } from './tiny.ts'

const names = ['a', 'b', 'c'] as const

/** Three servers that know each other and keep everything three times. */
async function startServers(folder: string): Promise<Map<string, NatsServer>> {
  const ports = await Promise.all(names.map(async () => ({ client: await freePort(), route: await freePort() })))
  const routes = ports.map(({ route }) => `nats://127.0.0.1:${route}`).join(', ')
  const started = await Promise.all(
    names.map(async (name, i) => {
      const config = join(folder, `${name}.conf`)
      await mkdir(join(folder, name))
      await writeFile(
        config,
        `server_name: ${name}
listen: "127.0.0.1:${ports[i].client}"
jetstream { store_dir: "${join(folder, name)}" }
cluster { name: three, listen: "127.0.0.1:${ports[i].route}", routes: [${routes}] }
`,
      )
      return [name, await startNatsServer({ port: ports[i].client, args: ['-c', config] })] as const
    }),
  )
  return new Map(started)
}

describe('a cluster of three NATS servers', () => {
  let folder: string
  let bundle: string
  let id: string
  let url: string
  let servers: Map<string, NatsServer>
  let desk: Desk
  let queues: AnsweringQueues
  let nodes: Node[] = []

  beforeAll(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    const deployed = await deployTiny(folder)
    ;({ bundle, id } = deployed)
    servers = await startServers(folder)
    url = [...servers.values()].map((server) => server.url).join(',')
    const { keysFolder, passphrase } = deployed
    const own = { keysFolder, unlock: { passphrase }, auditLog: join(folder, 'audit.log') }
    desk = await openDesk({ ...own, perMinute: 10_000, quota: 10_000, loadsRefreshes: true })
    // The servers have to find each other and a leader first.
    queues = await persist(Date.now() + 30_000, () => answerQueues(desk, { nats: { url }, limit: 16, replicas: 3 }))
    const runner = { threads: 1, evaluator: 'kernels' } as const
    const start = (segment: number) =>
      serveQueues({ bundle, trust: {}, runner, nats: { url }, segments: [segment] }, silent)
    nodes = await Promise.all([start(0), start(1)])
  }, 90_000)
  afterAll(async () => {
    for (const node of nodes) await node.close()
    await queues.close()
    await desk.close()
    await Promise.all([...servers.values()].map((server) => server.stop()))
    await rm(folder, { recursive: true })
  })

  it('loses one, the one that leads the queues, and no job', async () => {
    const submitter = await Submitter.open(bundle, {}, { url })
    const ask = async (): Promise<boolean> => {
      const { input, label } = tinyQuestion()
      return (await submitter.submit(input, 60)).label === label
    }
    try {
      expect(await ask()).toBe(true)
      const connection = await connectNats({ url }, 'test')
      const manager = await jetstreamManager(connection)
      const { cluster } = await manager.streams.info(`sealwright-${id}`)
      expect(cluster?.replicas).toHaveLength(2)
      await connection.close()
      const leader = servers.get(cluster!.leader!)!
      const under = Array.from({ length: 4 }, ask)
      await leader.stop('SIGKILL')
      servers.delete(cluster!.leader!)
      expect(await Promise.all(under)).toEqual([true, true, true, true])
      expect(await ask()).toBe(true)
    } finally {
      await submitter.close()
    }
  }, 120_000)
})

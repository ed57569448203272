import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { freePort, startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { connectNats, type NatsConnection } from '../../src-main/nats/connect.ts'
import { makeQueues } from '../../src-main/nats/make-queues.ts'
import { listObjects, putObject } from '../../src-main/nats/objects.ts'
import { passOn } from '../../src-main/nats/pass-on.ts'
import { Queues } from '../../src-main/nats/queues.ts'
import { temporaryFolder } from '../owner/exported.ts'

const deployed = { id: 'ef'.repeat(8), segments: 1 }
const code = (code: string) => expect.objectContaining({ code })
const newJob = () => {
  const { job, answerKey } = newAnswerKeys()
  return { job, answerKey, deadlineMs: Date.now() + 60_000 }
}

describe('a NATS server without room', () => {
  let folder: string
  let port: number
  let server: NatsServer
  let connection: NatsConnection
  let queues: Queues

  const start = async (room: string): Promise<void> => {
    const config = join(folder, 'server.conf')
    const store = JSON.stringify(join(folder, 'store'))
    await writeFile(config, `jetstream { store_dir: ${store}, max_file_store: ${room} }\n`)
    server = await startNatsServer({ port, args: ['-c', config] })
  }

  beforeEach(async () => {
    port = await freePort()
    await ensureNatsServer()
    folder = await temporaryFolder()
    await start('2MB')
    connection = await connectNats({ url: server.url }, 'test')
    await makeQueues(connection, deployed, { limit: 2 })
    queues = await Queues.open(connection, deployed.id)
  })
  afterEach(async () => {
    await connection.close()
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('refuses a job at once, leaves nothing of it behind, and takes jobs once there is room', async () => {
    const bytes = new Uint8Array(500_000)
    const held = []
    for (let i = 0; i < 3; i++) held.push(await putObject(queues, newJob(), bytes))
    const submit = () => passOn(queues, ['compute', 0], newJob(), new Uint8Array(1_000_000), () => false)
    await expect(submit()).rejects.toThrow(code('nats-full'))
    expect(await listObjects(queues)).toHaveLength(held.length)
    await server.stop()
    await start('64MB')
    await expect.poll(() => queues.isUp, { timeout: 15_000 }).toBe(true)
    await submit()
    expect(await listObjects(queues)).toHaveLength(held.length + 1)
  }, 30_000)

  it('is not a full queue, which says that it is busy', async () => {
    const add = async () => {
      const job = newJob()
      const object = { name: `${job.job}.1.${'ab'.repeat(8)}`, bytes: 1, sha256: 'ab'.repeat(32) }
      return await queues.add('compute', 0, { version: 1, ...job, object })
    }
    expect([await add(), await add()]).toEqual([true, true])
    await expect(add()).rejects.toThrow(code('busy'))
  }, 30_000)
})

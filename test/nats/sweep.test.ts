import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { noLog } from '../../src-main/core/log.ts'
import { startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { connectNats } from '../../src-main/nats/connect.ts'
import { makeQueues } from '../../src-main/nats/make-queues.ts'
import { tasksStream } from '../../src-main/nats/names.ts'
import { getObject, listObjects, putObject } from '../../src-main/nats/objects.ts'
import { Queues } from '../../src-main/nats/queues.ts'
import { sweepObjects, sweepTasks } from '../../src-main/nats/sweep.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'
import { temporaryFolder } from '../owner/exported.ts'

const deployed = { id: 'ab'.repeat(8), segments: 2 }
const taken = [
  ['compute', 0],
  ['open', 0],
  ['compute', 1],
] as const
function newJob(lastsMs = 60_000) {
  const { job, answerKey } = newAnswerKeys()
  return { job, answerKey, deadlineMs: Date.now() + lastsMs }
}
const object = { name: `${'ab'.repeat(16)}.1.${'cd'.repeat(8)}`, bytes: 1, sha256: 'ef'.repeat(32) }

describe('what is left behind', () => {
  let folder: string
  let server: NatsServer

  const open = async (): Promise<Queues> => Queues.open(await connectNats({ url: server.url }, 'sweeper'), deployed.id)
  const tasks = async ({ manager }: Queues): Promise<number> =>
    (await manager.streams.info(tasksStream(deployed.id))).state.messages

  /** Queues so many tasks for each taker, who finish them all. */
  async function finish(queues: Queues, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      for (const [kind, segment] of taken) await queues.add(kind, segment, { version: 1, ...newJob(), object })
    }
    const done = new AbortController()
    let left = count * taken.length
    const handle = async () => {
      left -= 1
      if (left === 0) done.abort()
      return {}
    }
    await Promise.all(taken.map((queue) => takeTasks(queues, queue, handle, done.signal, noLog)))
  }

  beforeAll(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    server = await startNatsServer({ folder })
    const connection = await connectNats({ url: server.url }, 'owner')
    await makeQueues(connection, deployed, { limit: 64 })
    await connection.close()
  })
  afterAll(async () => {
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('is swept, though later tasks of the same queues are finished first', async () => {
    const before = await open()
    // One that waits keeps the server's file of messages.
    await before.add('open', 1, { version: 1, ...newJob(), object })
    await finish(before, 4)
    // nats-server 2.9 writes what a consumer has done after 0.1 s, and what is deleted after 0.5 s or more.
    await pause(300)
    await server.stop('SIGKILL')
    server = await startNatsServer({ folder, port: server.port })
    await before.connection.close()
    const queues = await open()
    await finish(queues, 1)
    await expect
      .poll(async () => {
        await sweepTasks(queues, deployed)
        return await tasks(queues)
      })
      .toBe(1)
    await queues.connection.close()
  }, 30_000)

  it('is swept where a ciphertext’s job has an answer or is past its deadline, and is kept otherwise', async () => {
    const queues = await open()
    const bytes = new Uint8Array(1_000_000).map((_, i) => i)
    const [answered, late, waiting] = [newJob(), newJob(-120_000), newJob()]
    await queues.answer({ job: answered.job, answer: { label: 1 } }, answered.answerKey)
    for (const job of [answered, answered, late]) await putObject(queues, job, bytes.subarray(0, 1000))
    const kept = await putObject(queues, waiting, bytes)
    expect(await sweepObjects(queues)).toBe(3)
    expect(await listObjects(queues)).toEqual([kept.name])
    expect(await getObject(queues, kept)).toEqual(bytes)
    await queues.connection.close()
  }, 30_000)

  it('is no consumer, however often ciphertexts are read and listed', async () => {
    const queues = await open()
    const stored = await putObject(queues, newJob(), new Uint8Array(600_000).fill(3))
    for (let i = 0; i < 50; i++) await Promise.all([getObject(queues, stored), listObjects(queues)])
    const { state } = await queues.manager.streams.info(`sealwright-${deployed.id}-objects`)
    expect(state.consumer_count).toBe(0)
    await queues.connection.close()
  }, 30_000)
})

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import type { Log } from '../../src-main/core/log.ts'
import { freePort, startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { connectNats, untilLost } from '../../src-main/nats/connect.ts'
import { makeQueues } from '../../src-main/nats/make-queues.ts'
import { consumerName, tasksStream } from '../../src-main/nats/names.ts'
import { Queues } from '../../src-main/nats/queues.ts'
import { checkVersion } from '../../src-main/nats/server-version.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'
import { temporaryFolder } from '../owner/exported.ts'

const deployed = { id: 'cd'.repeat(8), segments: 1 }
const code = (code: string) => expect.objectContaining({ code })

describe('the connection to a NATS server', () => {
  let folder: string
  let server: NatsServer | undefined
  let messages: string[]
  const log: Log = (level, message) => void messages.push(`${level}: ${message}`)

  const startWith = async (port: number, password: string): Promise<void> => {
    const config = join(folder, 'server.conf')
    await writeFile(config, `authorization { user: edge, password: "${password}" }\n`)
    server = await startNatsServer({ folder: join(folder, 'store'), port, args: ['-c', config] })
  }

  beforeEach(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    await mkdir(join(folder, 'store'))
    messages = []
  })
  afterEach(async () => {
    await server?.stop()
    server = undefined
    await rm(folder, { recursive: true })
  })

  it('outlives a password that is refused again and again, tells of it, and takes tasks once it is right', async () => {
    const port = await freePort()
    await startWith(port, 'right')
    const url = server!.url
    let password = 'right'
    const connection = await connectNats({ url, user: 'edge', password: () => password }, 'test', log)
    await makeQueues(connection, deployed, { limit: 4 })
    const queues = await Queues.open(connection, deployed.id)
    const stopped = new AbortController()
    const taken: string[] = []
    const handle = async ({ text }: { text: string }) => {
      taken.push((JSON.parse(text) as { job: string }).job)
      return {}
    }
    const taking = takeTasks(queues, ['compute', 0], handle, stopped.signal, log)
    await server!.stop()
    await startWith(port, 'other')
    await expect.poll(() => messages, { timeout: 10_000 }).toContain('error: the NATS server refuses')
    expect(queues.isUp).toBe(false)
    // nats.js closes a connection for good at the second refusal unless it is told not to.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(connection.isClosed()).toBe(false)
    expect(messages.filter((message) => message === 'error: the NATS server refuses')).toHaveLength(1)
    password = 'other'
    await expect.poll(() => queues.isUp, { timeout: 10_000 }).toBe(true)
    const keys = newAnswerKeys()
    const { job, answerKey } = keys
    const deadlineMs = Date.now() + 60_000
    const object = { name: `${job}.1.${'ab'.repeat(8)}`, bytes: 1, sha256: 'ab'.repeat(32) }
    await queues.add('compute', 0, { version: 1, job, answerKey, deadlineMs, object })
    await expect.poll(() => taken, { timeout: 10_000 }).toEqual([job])
    stopped.abort()
    await taking
    const lost = untilLost(connection)
    await connection.close()
    await expect(lost).rejects.toThrow(code('nats-unreachable'))
    await expect(queues.listen(keys, new AbortController().signal)).rejects.toThrow('closed')
  }, 60_000)

  it('has one of several servers, and goes to another when it is lost', async () => {
    const [first, second] = [await freePort(), await freePort()]
    const url = `nats://127.0.0.1:${first}, nats://127.0.0.1:${second}`
    await startWith(second, 'right')
    const connection = await connectNats({ url, user: 'edge', password: 'right' }, 'test', log)
    await server!.stop()
    await startWith(first, 'right')
    await expect.poll(() => messages, { timeout: 10_000 }).toContain('info: connected to the NATS server again')
    expect(connection.getServer()).toContain(String(first))
    await connection.close()
  }, 30_000)

  it('tells a server without JetStream from one that is away', async () => {
    const port = await freePort()
    server = await startNatsServer({ port })
    const connection = await connectNats({ url: server.url }, 'test')
    await expect(makeQueues(connection, deployed, { limit: 4 })).rejects.toThrow(code('no-jetstream'))
    await expect(Queues.open(connection, deployed.id)).rejects.toThrow(code('no-jetstream'))
    await connection.close()
  }, 30_000)

  it.each([
    ['is shut down', 'SIGTERM'],
    ['dies', 'SIGKILL'],
  ] as const)(
    'says which queues give no tasks, where a server %s and comes back without them, until they do',
    async (_, ending) => {
      const port = await freePort()
      const store = join(folder, 'store')
      server = await startNatsServer({ folder: store, port })
      const connection = await connectNats({ url: server.url }, 'test', log)
      await makeQueues(connection, deployed, { limit: 4 })
      const queues = await Queues.open(connection, deployed.id)
      const stopped = new AbortController()
      const taking = takeTasks(queues, ['compute', 0], async () => ({}), stopped.signal, log)
      const saysWithin = { timeout: 20_000 }
      const waiting = async () =>
        (await queues.manager.consumers.info(tasksStream(deployed.id), consumerName('compute', 0))).num_waiting
      try {
        await expect.poll(waiting, saysWithin).toBe(1)
        await server.stop(ending)
        await expect
          .poll(() => queues.problems(), saysWithin)
          .toEqual(['the NATS server cannot be reached, or refuses'])
        server = await startNatsServer({ port })
        const silent = (reason: string) => [expect.stringMatching(`^compute-0 gives no tasks: .*${reason}`)]
        await expect.poll(() => queues.problems(), saysWithin).toEqual(silent('without JetStream'))
        await server.stop()
        server = await startNatsServer({ folder: store, port })
        await expect.poll(() => queues.problems(), saysWithin).toEqual([])
        await queues.manager.streams.delete(tasksStream(deployed.id))
        await expect.poll(() => queues.problems(), saysWithin).toEqual(silent('no queues for the deployment'))
        await makeQueues(connection, deployed, { limit: 4 })
        await expect.poll(() => queues.problems(), saysWithin).toEqual([])
      } finally {
        stopped.abort()
        await taking
        await connection.close()
      }
    },
    120_000,
  )

  it.each([
    ['2.9.9', 'older than any that was tested'],
    ['2.9.10', 'hands finished work out again'],
    ['2.10.0', undefined],
    ['2.15.3', undefined],
    [undefined, 'older than any'],
  ])('warns of version %s: %s', (version, warning) => {
    checkVersion(version, log)
    expect(messages).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)])
  })
})

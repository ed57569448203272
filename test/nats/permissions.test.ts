import { readFile, rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { noLog } from '../../src-main/core/log.ts'
import type { NatsServer } from '../../src-main/jobs/nats-server.ts'
import { connectNats, type NatsConnection } from '../../src-main/nats/connect.ts'
import { newAnswerKeys, type AnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { Claims, makeClaim } from '../../src-main/nats/claims.ts'
import { makeQueues } from '../../src-main/nats/make-queues.ts'
import { decodeSealed, encodeAnswer, openAnswer, type Task } from '../../src-main/nats/messages.ts'
import type { ClaimPlace } from '../../src-main/nats/names.ts'
import { getObject, putObject } from '../../src-main/nats/objects.ts'
import { Queues } from '../../src-main/nats/queues.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'
import { temporaryFolder } from '../owner/exported.ts'
import { startDocumentedServer, tlsFile } from './documented-server.ts'

const id = 'ab'.repeat(16)
const deadlineMs = Date.now() + 600_000
const stream = `sealwright-${id}`
const toSubmit = ({ job, answerKey }: AnswerKeys) => ({ version: 1 as const, job, answerKey, deadlineMs })

describe('with the documented configuration', () => {
  let folder: string
  let server: NatsServer
  const connections: NatsConnection[] = []
  let owner: Queues
  let node1: Queues
  let camera: Queues

  async function join(user: string): Promise<Queues> {
    const authority = await readFile(tlsFile('insecure-test.crt'), 'utf8')
    const url = `tls://localhost:${server.port}`
    const connection = await connectNats({ url, authority, user, password: `${user}-password` }, user)
    connections.push(connection)
    if (user === 'owner') await makeQueues(connection, { id, segments: 2 }, { limit: 4 })
    const party = user === 'camera' ? 'submitter' : 'node'
    return await Queues.open(connection, id, party)
  }

  beforeAll(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    // NODE2's, the second, keeps what a configuration without direct reads gives.
    const direct = /^.*\bto: "api\.DIRECT\.GET\.sealwright-ID-objects".*\n/m
    server = await startDocumentedServer(folder, id, (template) => {
      const [toNode1, toNode2] = template.split(/(?=^ {2}NODE2 )/m)
      return toNode1 + toNode2.replace(direct, '')
    })
    owner = await join('owner')
    node1 = await join('node1')
    camera = await join('camera')
  })
  afterAll(async () => {
    for (const connection of connections) await connection.close()
    await server.stop()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    const manager = await jetstreamManager(owner.connection, { checkAPI: false })
    for (const name of [stream, `${stream}-answers`, `${stream}-objects`]) await manager.streams.purge(name)
  })

  const take = async (queues: Queues, kind: 'compute' | 'open', segment: number): Promise<string> => {
    const stopped = new AbortController()
    let taken = ''
    await takeTasks(
      queues,
      [kind, segment],
      async ({ text }) => {
        taken = text
        stopped.abort()
        return {}
      },
      stopped.signal,
      noLog,
    )
    return taken
  }
  const waiting = async (subject: string): Promise<number> => {
    const manager = await jetstreamManager(owner.connection, { checkAPI: false })
    const { state } = await manager.streams.info(subject.includes('answer') ? `${stream}-answers` : stream, {
      subjects_filter: subject,
    })
    return state.subjects?.[subject] ?? 0
  }

  it('a job goes from the camera through a node to the owner, and its answer back', async () => {
    const keys = newAnswerKeys()
    const { job } = keys
    const object = await putObject(camera, { job, deadlineMs }, new Uint8Array(600_000).fill(7))
    const task: Task = { ...toSubmit(keys), object }
    await camera.add('compute', 0, task)
    expect(JSON.parse(await take(node1, 'compute', 0))).toEqual(task)
    expect((await getObject(node1, object))?.length).toBe(600_000)
    expect(node1.mayReadDirectly).toBe(true)
    await node1.add('open', 0, task)
    expect(JSON.parse(await take(owner, 'open', 0))).toEqual(task)
    expect(await camera.answerOf(keys)).toBeUndefined()
    expect(await owner.answer({ job, answer: { label: 3 } }, keys.answerKey)).toBe(true)
    expect(await camera.answerOf(keys)).toEqual({ job, answer: { label: 3 } })
  })

  const answerTo = (job: string): string => `sealwright.${id}.answer.${job}`
  const api = '$JS.API.'

  it('replies go to whoever asked, not under an answer or into a queue', async () => {
    const [keys, other] = [newAnswerKeys(), newAnswerKeys()]
    const { job } = keys
    const object = await putObject(node1, { job, deadlineMs }, new TextEncoder().encode('{"job":"forged"}'))
    await camera.add('compute', 0, { ...toSubmit(keys), object })
    await owner.answer({ job: other.job, answer: { label: 1 } }, other.answerKey)
    const requests = [
      [node1, `${api}CONSUMER.INFO.${stream}.compute-0`, ''],
      [node1, `${api}CONSUMER.MSG.NEXT.${stream}.compute-0`, JSON.stringify({ batch: 5, no_wait: true })],
      [node1, `${api}STREAM.INFO.${stream}-objects`, ''],
      [node1, `${api}STREAM.MSG.GET.${stream}-objects`, JSON.stringify({ seq: 1 })],
      [node1, `${api}STREAM.PURGE.${stream}-objects`, JSON.stringify({ filter: 'none' })],
      [node1, `sealwright.${id}.object.x.y.z`, 'x'],
      [node1, `sealwright.${id}.open.0`, 'x'],
      [camera, `${api}DIRECT.GET.${stream}-answers.${answerTo(other.job)}`, ''],
      [camera, `sealwright.${id}.compute.0`, 'x'],
    ] as const
    const targets = [answerTo(job), `sealwright.${id}.open.1`, `sealwright.${id}.compute.1`]
    for (const target of targets) {
      for (const [party, subject, payload] of requests) party.connection.publish(subject, payload, { reply: target })
    }
    await Promise.all([node1, camera].map(({ connection }) => connection.flush()))
    await pause(500)
    for (const target of targets) expect(await waiting(target), target).toBe(0)
    expect(await owner.answer({ job, answer: { label: 2 } }, keys.answerKey)).toBe(true)
    expect(await camera.answerOf(keys)).toEqual({ job, answer: { label: 2 } })
  })

  it('nobody but the owner puts anything under an answer', async () => {
    const keys = newAnswerKeys()
    const { job } = keys
    for (const party of [node1, camera]) {
      await expect(party.answer({ job, answer: { label: 9 } }, keys.answerKey)).rejects.toMatchObject({
        code: 'nats-unreachable',
      })
    }
    await expect(node1.answerOf(keys)).rejects.toMatchObject({ code: 'nats-unreachable' })
    expect(await waiting(answerTo(job))).toBe(0)
  })

  it('a submitter learns of no job but its own, and can fetch and remove no ciphertext', async () => {
    const keys = newAnswerKeys()
    const { job } = keys
    const object = await putObject(node1, { job, deadlineMs }, new Uint8Array(100))
    await owner.answer({ job, answer: { label: 1 } }, keys.answerKey)
    const { connection, manager } = camera
    const inbox = `_INBOX_camera.stolen`
    const seen: string[] = []
    connection.subscribe('>', { callback: (_, message) => void seen.push(`${message.subject} ${message.string()}`) })
    const asked = [
      [`${api}STREAM.INFO.${stream}-objects`, JSON.stringify({ subjects_filter: '>' })],
      [`${api}STREAM.INFO.${stream}-answers`, JSON.stringify({ subjects_filter: '>' })],
      [`${api}STREAM.MSG.GET.${stream}-objects`, JSON.stringify({ seq: 1 })],
      [`${api}STREAM.MSG.GET.${stream}-answers`, JSON.stringify({ seq: 1 })],
      [`${api}DIRECT.GET.${stream}-answers`, JSON.stringify({ seq: 1 })],
      [`${api}DIRECT.GET.${stream}-answers.${answerTo('*')}`, ''],
      [`${api}DIRECT.GET.${stream}-answers.${answerTo('>')}`, ''],
      [`${api}CONSUMER.CREATE.${stream}-answers`, JSON.stringify({ config: { deliver_subject: inbox } })],
      [`${api}STREAM.NAMES`, ''],
      ['$SYS.REQ.SERVER.PING', ''],
    ]
    for (const [subject, payload] of asked) connection.publish(subject, payload, { reply: inbox })
    await connection.flush()
    await pause(500)
    // A wildcard in the place of the job gives the latest answer, which only its submitter can read.
    expect(seen.filter((text) => text.includes(object.name) || text.includes('label'))).toEqual([])
    const stolen = seen.flatMap((text) => decodeSealed(text.slice(text.indexOf('{')), job) ?? [])
    expect(stolen.length).toBeGreaterThan(0)
    for (const sealed of stolen) expect(openAnswer(sealed, newAnswerKeys())).toBeUndefined()
    expect(openAnswer(stolen[0], keys)).toEqual({ job, answer: { label: 1 } })
    await manager.streams.purge(`${stream}-objects`).catch(() => {})
    expect(await getObject(owner, object)).toHaveLength(100)
  })

  it('a node that may not read directly asks the leader of the stream', async () => {
    const node2 = await join('node2')
    const bytes = new Uint8Array(600_000).map((_, i) => i)
    const object = await putObject(camera, { job: newAnswerKeys().job, deadlineMs }, bytes)
    expect(await getObject(node2, object)).toEqual(bytes)
    expect(node2.mayReadDirectly).toBe(false)
    expect(await getObject(node1, object)).toEqual(bytes)
    expect(node1.mayReadDirectly).toBe(true)
  })

  it('a node takes no tasks of another segment', async () => {
    const keys = newAnswerKeys()
    const { job } = keys
    const object = await putObject(camera, { job, deadlineMs }, new Uint8Array(100))
    await owner.add('compute', 1, { ...toSubmit(keys), object })
    await expect(node1.consumer('compute', 1)).rejects.toThrow()
    await expect(node1.add('open', 1, { ...toSubmit(keys), object })).rejects.toThrow()
    await expect(node1.add('compute', 1, { ...toSubmit(keys), object })).rejects.toThrow()
    expect([await waiting(`sealwright.${id}.open.1`), await waiting(`sealwright.${id}.compute.1`)]).toEqual([0, 1])
  })

  it('everybody claims under its own name, at its own place, and hears no more of audits than concerns it', async () => {
    const [claims, job, stated] = [new Claims(owner, true), newAnswerKeys().job, 'ab'.repeat(32)]
    await makeClaim(node1, job, 0, stated)
    await makeClaim(camera, job, 'input', stated)
    expect(await claims.authorOf(job, 0, stated)).toBe('node1')
    expect(await claims.authorOf(job, 'input', stated)).toBe('camera')
    // Also when nobody was listening.
    expect(await new Claims(owner, true).authorOf(job, 'input', stated)).toBe('camera')
    expect(await claims.authorOf(job, 0, 'cd'.repeat(32))).toBeUndefined()
    const others: [Queues, string | number][] = [
      [node1, 1],
      [node1, 'input'],
      [camera, 0],
    ]
    for (const [party, place] of others) {
      await expect(makeClaim(party, job, place as ClaimPlace, stated)).rejects.toThrow()
    }
    for (const subject of [`sealwright.${id}.claim.node2.${job}.0`, `sealwright.${id}.claim.camera.${job}.0`]) {
      await expect(node1.publish(subject, stated, { timeout: 1000 })).rejects.toThrow()
    }
    // What the owner's own account could say under no name counts for nothing where names are asked for.
    const [unnamed] = [newAnswerKeys().job]
    await owner.publish(`sealwright.${id}.claim.${unnamed}.0`, stated)
    expect(await new Claims(owner, true).authorOf(unnamed, 0, stated)).toBeUndefined()

    const heard: string[] = []
    for (const party of [node1, camera]) {
      party.connection.subscribe(`sealwright.${id}.>`, {
        callback: (_, message) => void (message.string() === 'open it' && heard.push(message.subject)),
      })
      await party.connection.flush()
    }
    for (const segment of [0, 1]) owner.connection.publish(`sealwright.${id}.audit.${job}.${segment}`, 'open it')
    for (const party of [node1, camera]) party.connection.publish(`sealwright.${id}.audit.${job}.0`, 'open it')
    node1.connection.publish(`sealwright.${id}.opening.${job}.1`, 'forged')
    let opened = 0
    owner.connection.subscribe(`sealwright.${id}.opening.>`, { callback: () => void (opened += 1) })
    await owner.connection.flush()
    camera.connection.publish(`sealwright.${id}.opening.${job}.0`, 'opened')
    await pause(500)
    const asked = `sealwright.${id}.audit.${job}.0`
    // Its own comes back to each, and the owner's comes to both; neither's comes to the other.
    expect(heard).toEqual([asked, asked, asked, asked])
    expect(opened).toBe(1)
  })

  it('the answer of another job counts as none, and so does what is no answer', async () => {
    const [keys, other] = [newAnswerKeys(), newAnswerKeys()]
    const { job } = keys
    await owner.answer({ job: other.job, answer: { label: 1 } }, other.answerKey)
    const copy = encodeAnswer({ job: other.job, answer: { label: 1 } }, keys.answerKey)
    for (const stored of [copy, 'no answer', '{"type":"io.nats"}']) {
      await owner.publish(answerTo(job), stored)
      expect(await camera.answerOf(keys)).toBeUndefined()
    }
    expect(await owner.answer({ job, answer: { label: 4 } }, keys.answerKey)).toBe(true)
    expect(await owner.answer({ job, answer: { label: 5 } }, keys.answerKey)).toBe(false)
    expect(await camera.answerOf(keys)).toEqual({ job, answer: { label: 4 } })
  })
})

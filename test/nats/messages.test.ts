import { describe, expect, it } from 'vitest'
import { connectNats } from '../../src-main/nats/connect.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import {
  decodeSealed,
  decodeTask,
  decodeTaskOrFailure,
  encodeAnswer,
  encodeMessage,
  openAnswer,
} from '../../src-main/nats/messages.ts'

const keys = newAnswerKeys()
const { job, answerKey } = keys
const object = { name: `${job}.18bcfe56800.0123456789abcdef`, bytes: 1000, sha256: 'cd'.repeat(32) }
const task = { version: 1, job, answerKey, deadlineMs: 1_800_000_000_000, object } as const

describe('messages', () => {
  it('come back as they were', () => {
    const failed = {
      version: 1,
      job,
      answerKey,
      deadlineMs: 1,
      failure: { code: 'busy', message: 'The queue is full.' },
    } as const
    expect(decodeTask(encodeMessage(task))).toEqual(task)
    expect(decodeTaskOrFailure(encodeMessage(task))).toEqual(task)
    expect(decodeTaskOrFailure(encodeMessage(failed))).toEqual(failed)
    expect(decodeTask(encodeMessage(failed))).toBeUndefined()
    const answer = { job, answer: { label: 7 } }
    expect(openAnswer(decodeSealed(encodeAnswer(answer, answerKey), job)!, keys)).toEqual(answer)
  })

  it('that are anything else are nothing', () => {
    const changed = (change: object): string => JSON.stringify({ ...task, ...change })
    const texts = [
      '',
      '{',
      'null',
      '[]',
      changed({ version: 2 }),
      changed({ job: 'AB' }),
      changed({ more: 1 }),
      changed({ answerKey: newAnswerKeys().answerKey }),
      changed({ answerKey: undefined }),
      changed({ job: newAnswerKeys().job }),
      changed({ object: { ...object, name: '../secret' } }),
      changed({ object: { ...object, bytes: 2 ** 40 } }),
      changed({ object: { ...object, bytes: -1 } }),
    ]
    expect(texts.filter((text) => decodeTaskOrFailure(text) !== undefined)).toEqual([])
    const escape = { job, failure: { code: 'refused', message: '\u001b[2Jcleared' } }
    expect(openAnswer(decodeSealed(encodeAnswer(escape, answerKey), job)!, keys)).toBeUndefined()
  })

  it('that answer are read by whoever submitted the job, and show a change', () => {
    const answer = { job, answer: { label: 7 } }
    const text = encodeAnswer(answer, answerKey)
    expect(text).not.toContain('label')
    expect(encodeAnswer(answer, answerKey)).not.toBe(text)
    const sealed = decodeSealed(text, job)!
    const other = newAnswerKeys()
    expect(decodeSealed(text, other.job)).toBeUndefined()
    expect(openAnswer(sealed, other)).toBeUndefined()
    expect(openAnswer(sealed, { ...other, job })).toBeUndefined()
    // Encrypted for this key, but the answer of another job.
    const copied = JSON.parse(encodeAnswer({ ...answer, job: other.job }, answerKey))
    expect(openAnswer({ ...copied, job }, keys)).toBeUndefined()
    const bytes = Buffer.from(sealed.sealed, 'base64')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] ^= 1
      expect(openAnswer({ ...sealed, sealed: changed.toString('base64') }, keys)).toBeUndefined()
    }
    for (const key of [newAnswerKeys().answerKey, '0'.repeat(64)])
      expect(openAnswer({ ...sealed, key }, keys)).toBeUndefined()
    for (const cut of ['', sealed.sealed.slice(0, 8)])
      expect(openAnswer({ ...sealed, sealed: cut }, keys)).toBeUndefined()
  })
})

describe('the name of a server', () => {
  it.each(['', '127.0.0.1:4222', 'http://127.0.0.1:4222', 'nats://user:secret@127.0.0.1:4222', 'tls://host/path'])(
    'is not %j',
    async (url) => {
      await expect(connectNats({ url }, 'test')).rejects.toThrow(expect.objectContaining({ code: 'bad-nats-url' }))
    },
  )

  it('is of one that answers', async () => {
    const refused = expect.objectContaining({ code: 'nats-unreachable' })
    await expect(connectNats({ url: 'nats://127.0.0.1:9' }, 'test')).rejects.toThrow(refused)
  })
})

import { describe, expect, it } from 'vitest'
import { connectNats } from '../../src-main/nats/connect.ts'
import { decodeAnswer, decodeTask, decodeTaskOrFailure, encodeMessage } from '../../src-main/nats/messages.ts'

const job = 'ab'.repeat(16)
const object = { name: `${job}.18bcfe56800.0123456789abcdef`, bytes: 1000, sha256: 'cd'.repeat(32) }
const task = { version: 1, job, deadlineMs: 1_800_000_000_000, object } as const

describe('messages', () => {
  it('come back as they were', () => {
    const failed = { version: 1, job, deadlineMs: 1, failure: { code: 'busy', message: 'The queue is full.' } } as const
    expect(decodeTask(encodeMessage(task))).toEqual(task)
    expect(decodeTaskOrFailure(encodeMessage(task))).toEqual(task)
    expect(decodeTaskOrFailure(encodeMessage(failed))).toEqual(failed)
    expect(decodeTask(encodeMessage(failed))).toBeUndefined()
    expect(decodeAnswer(encodeMessage({ job, answer: { label: 7 } }))).toEqual({ job, answer: { label: 7 } })
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
      changed({ object: { ...object, name: '../secret' } }),
      changed({ object: { ...object, bytes: 2 ** 40 } }),
      changed({ object: { ...object, bytes: -1 } }),
    ]
    expect(texts.filter((text) => decodeTaskOrFailure(text) !== undefined)).toEqual([])
    const escape = { job, failure: { code: 'refused', message: '\u001b[2Jcleared' } }
    expect(decodeAnswer(JSON.stringify(escape))).toBeUndefined()
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

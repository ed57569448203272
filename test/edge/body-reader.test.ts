import type { Worker } from 'node:worker_threads'
import { encode } from 'fast-png'
import { expect, it } from 'vitest'
import { NO_PREPROCESSING } from '../../src-main/core/bundle/preprocessing.ts'
import type { Body } from '../../src-main/edge/serve/body.ts'
import { BodyReader } from '../../src-main/edge/serve/body-reader.ts'
import { npy } from './npy.ts'

const body: Body = {
  bytes: npy([1, 2, 3, 4]),
  type: 'application/x-npy',
  shape: [1, 2, 2],
  preprocessing: NO_PREPROCESSING,
}
const usual = { processorMs: 5_000, waitMs: 60_000 }

async function codeOf(limits: ConstructorParameters<typeof BodyReader>[0]): Promise<string> {
  const reader = new BodyReader(limits)
  try {
    // A thread that has not started tells no processor time, and may have read before it is looked at again.
    await reader.warm()
    await reader.read(body)
    return 'read'
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    await reader.end()
  }
}

it('reads one body after the other, and several at once', async () => {
  const reader = new BodyReader()
  await reader.warm()
  expect(await reader.read(body)).toEqual(new Float64Array([1, 2, 3, 4]))
  const all = await Promise.all([reader.read(body), reader.read(body), reader.read(body)])
  expect(all).toEqual([1, 2, 3].map(() => new Float64Array([1, 2, 3, 4])))
  await reader.end()
})

it('keeps a thread for the next array, and none that decoded a picture or failed', async () => {
  let started = 0
  const count = (_: Worker) => (started += 1)
  process.on('worker', count)
  const reader = new BodyReader()
  try {
    const startedFor = async (...bodies: Body[]): Promise<number> => {
      await reader.warm()
      const before = started
      for (const one of bodies) await reader.read(one).catch(() => {})
      await reader.warm()
      return started - before
    }
    expect(await startedFor(body, body, body)).toBe(0)
    const picture: Body = {
      ...body,
      bytes: encode({ width: 2, height: 2, data: new Uint8Array([1, 2, 3, 4]), channels: 1, depth: 8 }),
      type: 'image/png',
    }
    expect(await reader.read(picture)).toEqual(new Float64Array([1, 2, 3, 4]))
    expect(await startedFor(picture, picture)).toBe(2)
    expect(await startedFor({ ...body, bytes: new Uint8Array(9) })).toBe(1)
  } finally {
    process.off('worker', count)
    await reader.end()
  }
})

it('tells a body that takes too much from a machine that is busy', async () => {
  expect(await codeOf(usual)).toBe('read')
  expect(await codeOf({ ...usual, processorMs: -1 })).toBe('unreadable-sample')
  expect(await codeOf({ ...usual, waitMs: -1 })).toBe('busy')
})

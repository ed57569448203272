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

it('tells a body that takes too much from a machine that is busy', async () => {
  expect(await codeOf(usual)).toBe('read')
  expect(await codeOf({ ...usual, processorMs: -1 })).toBe('unreadable-sample')
  expect(await codeOf({ ...usual, waitMs: -1 })).toBe('busy')
})

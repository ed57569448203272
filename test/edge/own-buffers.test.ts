import { expect, it } from 'vitest'
import { ownBuffers } from '../../src-main/edge/compute-job.ts'
import { seeded } from '../../src-main/edge/segment-runner.ts'

const job = { id: 'ab'.repeat(16), segment: 1 }

it('gives a thread the memory of ciphertexts, and none that holds something else too', () => {
  const own = new Uint8Array(100)
  const shared = new Uint8Array(100).subarray(1)
  expect(ownBuffers({ ...job, input: [own, shared] })).toEqual([own.buffer])
  expect(ownBuffers({ ...job, input: seeded(new Float64Array(4)) })).toEqual([])
})

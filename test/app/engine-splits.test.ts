import { expect, it } from 'vitest'
import { viewOf } from '../../src-main/app/engine-splits.ts'
import { present } from '../../src-main/core/must.ts'
import { silent } from '../../src-main/core/progress.ts'
import { plan } from '../../src-main/jobs/plan.ts'
import { sample } from '../../src-main/jobs/sample.ts'

it('shows seconds on two threads, of what is planned and of what to expect', async () => {
  const { model, preprocessing } = sample
  const planned = await plan({ model, preprocessing, degree: 2, input: 'encrypted' }, silent)
  const { segments, forecast } = viewOf(planned)
  const { least, most } = present(forecast).edgeSeconds
  // What is planned has the largest scale, so that it is about the most to expect.
  expect(segments[0].edgeSeconds).toBe(planned.segments[0].edgeSecondsOnTwoThreads)
  expect(least).toBeLessThan(segments[0].edgeSeconds)
  expect(most).toBeGreaterThan(segments[0].edgeSeconds)
  expect(most).toBeLessThan(1.3 * segments[0].edgeSeconds)
})

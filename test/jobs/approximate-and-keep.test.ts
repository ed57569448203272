import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProgressEvent } from '../../src-main/core/progress.ts'
import { approximateAndKeep } from '../../src-main/jobs/approximate-and-keep.ts'
import { openNetwork } from '../../src-main/jobs/open-network.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

describe('approximateAndKeep', () => {
  let fits: string
  beforeAll(async () => void (fits = await mkdtemp(join(tmpdir(), 'sealwright-fits-'))))
  afterAll(() => rm(fits, { recursive: true }))

  it('tunes for as many epochs as told, and keeps each fit for who asks for the same', async () => {
    const path = join(import.meta.dirname, '../models/trained/mnist_cryptonets_relu.onnx')
    const model = await openNetwork({ model: path })
    const epochsOf = async (tuningEpochs: number) => {
      const events: ProgressEvent[] = []
      const work = { progress: (event: ProgressEvent) => void events.push(event) }
      await approximateAndKeep(model, mnistSamples(0, 200), { degree: 2, tuningEpochs, fits }, work)
      return events.filter((event) => event.kind === 'step' && event.stage === 'tune').length
    }
    expect(await epochsOf(0)).toBe(0)
    expect(await epochsOf(3)).toBe(3)
    expect(await epochsOf(3)).toBe(0)
  })
})

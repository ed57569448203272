import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { approximate, fitNetwork } from '../../src-main/core/approximate/approximate.ts'
import { beside, type RunBeside } from '../../src-main/core/beside.ts'
import { InternalError } from '../../src-main/core/errors.ts'
import { present } from '../../src-main/core/must.ts'
import { normalise } from '../../src-main/core/normalise/normalise.ts'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { silent, type WorkContext } from '../../src-main/core/progress.ts'
import { Judge } from '../../src-main/core/tune/judge.ts'
import { lessons, type Teaching } from '../../src-main/core/tune/lessons.ts'
import { tune } from '../../src-main/core/tune/tune.ts'
import { runBeside } from '../../src-main/workers/run-beside.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

const trained = (name: string) =>
  normalise(readOnnx(new Uint8Array(readFileSync(new URL(`../models/trained/${name}.onnx`, import.meta.url)))))
const model = trained('mnist_lenet5_relu_avgpool')
const teaching: Teaching = { original: model, samples: mnistSamples(0, 40), movements: ['turn'], epochs: 2 }

/** Threads, and which tasks they were given. */
function noting(): { noted: RunBeside; begun: string[] } {
  const begun: string[] = []
  const noted: RunBeside = (task, given) => {
    begun.push(task.name)
    return runBeside(task, given)
  }
  return { noted, begun }
}

const threads = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length

describe('a task beside', () => {
  it('makes in a thread what it makes here, to the end', async () => {
    const [there, here] = [runBeside(lessons, teaching), beside(silent, lessons, teaching, 0)]
    for (let batch = 0; batch < 6; batch++) {
      const [one, other] = [present(await there.next()), present(await here.next())]
      expect(one).toEqual(other)
      expect(one.right.some((value) => value !== 0)).toBe(true)
    }
    expect([await there.next(), await here.next()]).toEqual([undefined, undefined])
    await there.end()
  })

  it('fits a network to the same polynomials', async () => {
    const small = trained('mnist_cryptonets_relu')
    const { noted, begun } = noting()
    const options = { degree: 2, labels: new Map<Float64Array, number>() } as const
    const fit = (work: WorkContext) => fitNetwork(small, mnistSamples(0, 200), options, work)
    const alone = await fit(silent)
    const helped = await fit({ ...silent, runBeside: noted })
    expect(helped.model).toEqual(alone.model)
    expect(helped.seen).toEqual(alone.seen)
    expect(begun).toEqual(['fit layers'])
  })

  it('tunes a network to the same weights', async () => {
    const [samples, unseen] = [mnistSamples(0, 180), mnistSamples(180, 20)]
    const fitted = await approximate(model, samples, { degree: 2, refit: false }, silent)
    const evidence = { samples, unseen, movements: ['turn'] as const, labels: new Map([[samples[0], 3]]) }
    const judged = { ...evidence, judge: new Judge(model, evidence) }
    const { noted, begun } = noting()
    const alone = await tune(model, fitted, judged, 15, silent)
    expect(await tune(model, fitted, judged, 15, { ...silent, runBeside: noted })).toEqual(alone)
    expect(begun).toEqual(['lessons'])
    expect(alone).not.toBe(fitted)
  })

  it('tells what the task throws, and leaves no thread behind', async () => {
    const before = threads()
    const unknown = runBeside({ name: 'no such task', run: () => [] }, {})
    await expect(unknown.next()).rejects.toThrow(InternalError)
    await unknown.end()
    const unread = runBeside(lessons, teaching)
    await unread.end()
    await expect(unread.next()).rejects.toThrow(InternalError)
    await expect.poll(threads).toBe(before)
  })

  it('stays here where a thread would hold too large a copy', async () => {
    const never: RunBeside = () => {
      throw new Error('A thread was asked for.')
    }
    const run = beside({ runBeside: never }, lessons, teaching, 2 ** 30)
    expect(present(await run.next()).count).toBe(16)
    await run.end()
  })
})

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EngineError, startEngine } from '../../src-main/app/engine-process.ts'
import { CancelledError, InternalError } from '../../src-main/core/errors.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'

const root = join(import.meta.dirname, '..', '..')
const model = join(root, 'assets', 'lenet5.onnx')

describe('startEngine', () => {
  it('runs a job in another process and returns its result', async () => {
    const run = startEngine(root, 'inspect', { model }, () => {})
    expect(await run.result).toMatchObject({ supported: true, inputShape: [1, 28, 28], depth: 9 })
  })

  it('reports a person’s error as the job reported it', async () => {
    const run = startEngine(root, 'inspect', { model: join(root, 'package.json') }, () => {})
    const error = await run.result.catch((problem: unknown) => problem)
    expect(error).toBeInstanceOf(EngineError)
    expect((error as EngineError).report.code).toBe('not-onnx')
  })

  it('ends a cancelled job', async () => {
    const run = startEngine(root, 'inspect', { model }, () => {})
    run.cancel()
    await expect(run.result).rejects.toBeInstanceOf(CancelledError)
  })

  it('notices a process that dies', async () => {
    const events: ProgressEvent[] = []
    const run = startEngine(root, 'inspect', { model }, (event) => events.push(event))
    run.kill()
    await expect(run.result).rejects.toBeInstanceOf(InternalError)
  })

  it('says so where there is no Node to start', async () => {
    const run = startEngine(join(root, 'test'), 'inspect', { model }, () => {})
    await expect(run.result).rejects.toBeInstanceOf(InternalError)
  })
})

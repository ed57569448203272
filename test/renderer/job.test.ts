import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobUpdate } from '../../src-renderer/api.ts'
import { Job } from '../../src-renderer/state/job.svelte.ts'

const jobId = 'a job'
type Event = NonNullable<Extract<JobUpdate, { state: 'running' }>['event']>
const event = (of: Event): JobUpdate => ({ jobId, job: 'validate', state: 'running', event: of }) as JobUpdate
const stage = (name: string): JobUpdate => event({ kind: 'stage', stage: name })
const step = (name: string, done: number, total: number, detail?: string): JobUpdate =>
  event({ kind: 'step', stage: name, done, total, ...(detail !== undefined && { detail }) })

describe('a job as the window follows it', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('counts the time of each stage, the second turn of one too', () => {
    const job = new Job('validate', 'made so')
    job.take(stage('approximate'))
    vi.advanceTimersByTime(100)
    job.take(stage('tune'))
    vi.advanceTimersByTime(50)
    job.take(stage('approximate'))
    vi.advanceTimersByTime(25)
    job.take({ jobId, job: 'validate', state: 'cancelled' })
    expect(job.took).toEqual({ approximate: 125, tune: 50 })
    expect(job.stage).toBe('')
    expect(job.state).toBe('cancelled')
  })

  it('never moves its bar back', () => {
    const job = new Job('validate', '')
    const shares: number[] = []
    for (const update of [
      step('approximate', 1, 2),
      step('approximate', 2, 2),
      step('calibrate', 1, 2),
      step('tune', 1, 10),
    ]) {
      job.take(update)
      shares.push(job.place!.share)
    }
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares[2]).toBe(shares[1])
    expect(shares[3]).toBeGreaterThan(shares[2])
  })

  it('estimates what is left from what is done', () => {
    const job = new Job('validate', '', { took: { approximate: 500, tune: 500 } })
    vi.advanceTimersByTime(1000)
    job.take(step('tune', 0, 10))
    expect(job.place!.share).toBeCloseTo(0.5, 1)
    expect(job.remainingMs).toBeGreaterThan(900)
    expect(job.remainingMs).toBeLessThan(1100)
  })

  it('has the time of each layer of the input that runs, and of no earlier one', () => {
    const job = new Job('trial', '')
    job.take(step('run', 0, 2, 'conv_1'))
    vi.advanceTimersByTime(1000)
    job.take(step('run', 0, 2, 'conv_1'))
    job.take(step('run', 1, 2, 'gemm_2'))
    vi.advanceTimersByTime(500)
    job.take(step('run', 1, 2, 'gemm_2'))
    expect(job.layers).toEqual([
      { name: 'conv_1', seconds: 1 },
      { name: 'gemm_2', seconds: 0.5 },
    ])
    job.take(step('run', 0, 2, 'conv_1'))
    expect(job.layers).toEqual([{ name: 'conv_1', seconds: 0 }])
  })

  it('keeps its warnings, its error and its value', () => {
    const job = new Job('validate', '')
    job.take(event({ kind: 'warning', stage: 'approximate', message: 'few samples' }))
    expect(job.warnings).toEqual(['few samples'])
    job.take({ jobId, job: 'validate', state: 'failed', error: { code: 'too-deep', message: 'It is too deep.' } })
    expect([job.state, job.error?.code, job.value]).toEqual(['failed', 'too-deep', undefined])
    const earlier = Job.done('validate', 'made so', { kept: 1 } as never, '2026-11-29')
    expect([earlier.state, earlier.value, earlier.when]).toEqual(['done', { kept: 1 }, '2026-11-29'])
  })
})

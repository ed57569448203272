import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobRequest, JobUpdate, MenuCommand } from '../../src-renderer/api.ts'
import type { workspace as Workspace } from '../../src-renderer/state/workspace.svelte.ts'

type Answer = { ok: true; value: unknown } | { ok: false; error: { code: string; message: string } }
const ok = (value: unknown = undefined): Answer => ({ ok: true, value })
const failed = (code: string): Answer => ({ ok: false, error: { code, message: `It is ${code}.` } })
const project = (fileName: string, made = 'made so') => ({
  ...{ fileName, made, stage: 'model' },
  choices: { split: { by: 'whole' }, edgeMemoryBytes: 0, calibration: 'samples.npz', preprocessing: {} },
})

/** What main would answer, by call; anything else is answered with nothing. */
let answers: Record<string, (argument: unknown) => Answer>
let update: (update: JobUpdate) => void
let menu: (command: MenuCommand) => void
let started: JobRequest[]
let cancelled: string[]
let workspace: typeof Workspace

const bridge = new Proxy({} as Record<string, unknown>, {
  get: (_, call: string) => {
    if (call === 'onJobUpdate') return (listener: typeof update) => ((update = listener), () => {})
    if (call === 'onMenu') return (listener: typeof menu) => ((menu = listener), () => {})
    return (argument: unknown) => Promise.resolve(answers[call]?.(argument) ?? ok(null))
  },
})
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const done = (job: string, jobId: string, value: unknown): JobUpdate =>
  ({ job, jobId, state: 'done', value }) as JobUpdate

beforeAll(() => void vi.stubGlobal('window', { sealwright: bridge }))
beforeEach(async () => {
  vi.resetModules()
  ;({ workspace } = await import('../../src-renderer/state/workspace.svelte.ts'))
  started = []
  cancelled = []
  answers = {
    about: () => ok({ memoryBytes: 8e9, presets: [] }),
    openModel: () => ok({ kind: 'project', project: project('a.onnx'), inspection: { supported: true }, results: [] }),
    startJob: (request) => ok({ jobId: `job ${started.push(request as JobRequest)}` }),
    cancelJob: (request) => ok(void cancelled.push((request as { jobId: string }).jobId)),
  }
  workspace.listen()
  await settled()
})

describe('opening', () => {
  it('forgets the jobs of another network, and keeps those about the machine', async () => {
    await workspace.openModel()
    await workspace.start({ job: 'keys', act: 'list' })
    await workspace.start({ job: 'validate' } as never)
    await workspace.openModel()
    expect(Object.keys(workspace.jobs).sort()).toEqual(['inspect', 'keys'])
    expect(workspace.supported).toBe(true)
  })

  it('brings back the newest result of each kind', async () => {
    const results = [
      { job: 'validate', made: 'b', value: { kept: 2 }, when: '2026-11-29' },
      { job: 'validate', made: 'a', value: { kept: 1 }, when: '2026-11-28' },
    ]
    answers.openModel = () => ok({ kind: 'project', project: project('a.onnx'), inspection: {}, results })
    await workspace.openModel()
    expect(workspace.jobs.validate).toMatchObject({ state: 'done', value: { kept: 2 }, when: '2026-11-29' })
    expect(workspace.results).toEqual(results)
  })

  it('changes nothing where the dialog was closed, and says what cannot be opened', async () => {
    await workspace.openModel()
    answers.openModel = () => ok(null)
    await workspace.openModel()
    expect([workspace.project?.fileName, workspace.error, workspace.opening]).toEqual(['a.onnx', undefined, false])
    answers.openModel = () => failed('not-onnx')
    await workspace.openModel()
    expect([workspace.project?.fileName, workspace.error?.code]).toEqual(['a.onnx', 'not-onnx'])
    answers.openModel = () => failed('cancelled')
    await workspace.openModel()
    expect(workspace.error).toBeUndefined()
  })

  it('shows a bundle beside the open network, and a result on the keys’ screen', async () => {
    await workspace.openModel()
    answers.openModel = () => ok({ kind: 'bundle', fileName: 'a.sealed' })
    await workspace.openModel()
    expect([workspace.bundle, workspace.project?.fileName, started.at(-1)?.job]).toEqual([
      'a.sealed',
      'a.onnx',
      'bundle',
    ])
    answers.openModel = () => ok({ kind: 'result', fileName: '7.result' })
    await workspace.openModel()
    expect([workspace.stage, workspace.resultFile]).toEqual(['keys', '7.result'])
  })
})

describe('jobs', () => {
  it('are followed by their number, so that a job of before is heard no more', async () => {
    await workspace.openModel()
    await workspace.start({ job: 'plan' } as never)
    await workspace.start({ job: 'plan' } as never)
    update(done('plan', 'job 1', { basis: 'fit' }))
    expect(workspace.jobs.plan?.state).toBe('running')
    update(done('plan', 'job 2', { basis: 'fit' }))
    expect(workspace.jobs.plan).toMatchObject({ state: 'done', value: { basis: 'fit' } })
  })

  it('that main refuses to start have failed, and can be told from those that a person called off', async () => {
    answers.startJob = () => failed('too-deep')
    await workspace.start({ job: 'plan' } as never)
    expect(workspace.jobs.plan).toMatchObject({ state: 'failed', error: { code: 'too-deep' } })
    answers.startJob = () => ok(null)
    await workspace.start({ job: 'plan' } as never)
    expect(workspace.jobs.plan?.state).toBe('cancelled')
  })

  it('are cancelled when they are forgotten, and only while they run', async () => {
    await workspace.start({ job: 'plan' } as never)
    workspace.forgetJob('plan')
    await workspace.start({ job: 'plan' } as never)
    update(done('plan', 'job 2', {}))
    workspace.forgetJob('plan')
    expect(cancelled).toEqual(['job 1'])
    expect(workspace.jobs.plan).toBeUndefined()
  })

  it('over in a moment take no place in the bar', async () => {
    await workspace.start({ job: 'keys', act: 'list' })
    await workspace.start({ job: 'plan' } as never)
    await workspace.start({ job: 'validate' } as never)
    expect(workspace.running.map(({ name }) => name)).toEqual(['plan', 'validate'])
  })

  it('that leave a fit make a forecast without one stale', async () => {
    await workspace.start({ job: 'plan' } as never)
    await workspace.start({ job: 'validate' } as never)
    update(done('plan', 'job 1', { basis: 'network' }))
    update(done('validate', 'job 2', {}))
    expect(workspace.jobs.plan).toBeUndefined()
  })
})

describe('choices', () => {
  it('that change what a bundle is made of make the plan stale, others do not', async () => {
    await workspace.openModel()
    await workspace.start({ job: 'plan' } as never)
    answers.choose = () => ok(project('a.onnx'))
    await workspace.choose({} as never)
    expect(workspace.jobs.plan).toBeDefined()
    answers.choose = () => ok(project('a.onnx', 'made otherwise'))
    await workspace.choose({} as never)
    expect(workspace.jobs.plan).toBeUndefined()
  })

  it('of data are looked at once, and the original is tried where samples have classes', async () => {
    await workspace.openModel()
    workspace.lookAtData()
    workspace.lookAtData()
    await settled()
    expect(started.map(({ job }) => job)).toEqual(['look'])
    update(done('look', 'job 1', { calibration: { found: { classes: [0, 1] } } }))
    expect(started.map(({ job }) => job)).toEqual(['look', 'original'])
  })
})

it('obeys the menu only as far as something is open', async () => {
  menu('go-accuracy' as MenuCommand)
  expect(workspace.stage).toBe('model')
  await workspace.openModel()
  menu('next-stage')
  const second = workspace.stage
  expect(second).not.toBe('model')
  menu('previous-stage')
  menu('previous-stage')
  expect(workspace.stage).toBe('model')
  menu('go-keys')
  expect(workspace.stage).toBe('keys')
})

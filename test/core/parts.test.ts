import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../src-main/core/errors.ts'
import { atOnce, withPauses, type InParts } from '../../src-main/core/parts.ts'
import type { ProgressEvent } from '../../src-main/core/progress.ts'

describe('work in parts', () => {
  let ran: number[]
  function* squares(total: number): InParts<number> {
    ran = []
    for (let i = 0; i < total; i++) {
      yield { done: i, total, detail: `part ${i + 1}` }
      ran.push(i * i)
    }
    return ran.reduce((sum, each) => sum + each, 0)
  }

  it('comes to the same at once and with pauses', async () => {
    expect(atOnce(squares(4))).toBe(14)
    expect(await withPauses(squares(4), 'plan', { progress: () => {} })).toBe(14)
  })

  it('tells which part it begins, where there are several', async () => {
    const events: ProgressEvent[] = []
    await withPauses(squares(2), 'plan', { progress: (event) => void events.push(event) })
    expect(events).toEqual([
      { kind: 'step', stage: 'plan', done: 0, total: 2, detail: 'part 1' },
      { kind: 'step', stage: 'plan', done: 1, total: 2, detail: 'part 2' },
    ])
    events.length = 0
    await withPauses(squares(1), 'plan', { progress: (event) => void events.push(event) })
    expect(events).toEqual([])
  })

  it('sees what happens meanwhile, and stops before the next part', async () => {
    const controller = new AbortController()
    const progress = (event: ProgressEvent): void => {
      // As a signal of the operating system does, which is heard while nothing runs.
      if (event.kind === 'step' && event.done === 2) setTimeout(() => controller.abort())
    }
    const work = withPauses(squares(100), 'plan', { progress, signal: controller.signal })
    await expect(work).rejects.toThrow(CancelledError)
    expect(ran.length).toBeLessThan(5)
  })
})

import { describe, expect, it } from 'vitest'
import { Batched } from '../../src-main/core/batched.ts'

describe('batched work', () => {
  /** Doubles numbers once it is told to go on, and notes what it was given each time. */
  function doubling() {
    const runs: number[][] = []
    let goOn = (): void => {}
    const batched = new Batched(async (items: readonly number[]) => {
      runs.push([...items])
      await new Promise<void>((resolve) => (goOn = resolve))
      if (items.includes(13)) throw new Error('thirteen')
      return items.map((item) => 2 * item)
    })
    return { runs, batched, go: () => goOn() }
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))

  it('takes together what came while it was at work, and gives each its own result', async () => {
    const { runs, batched, go } = doubling()
    const first = batched.add(1)
    await turn()
    const others = [2, 3, 4].map((item) => batched.add(item))
    await turn()
    expect(runs).toEqual([[1]])
    go()
    expect(await first).toBe(2)
    await turn()
    expect(runs).toEqual([[1], [2, 3, 4]])
    go()
    expect(await Promise.all(others)).toEqual([4, 6, 8])
  })

  it('tells all of a run that failed, and goes on', async () => {
    const { batched, go } = doubling()
    const failing = Promise.allSettled([batched.add(13), batched.add(1)])
    await turn()
    const after = batched.add(5)
    go()
    expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await turn()
    go()
    expect(await after).toBe(10)
  })

  it('is settled once all that was added is done', async () => {
    const { batched, go } = doubling()
    const added = batched.add(1)
    let isSettled = false
    const settled = batched.settled().then(() => (isSettled = true))
    await turn()
    expect(isSettled).toBe(false)
    go()
    await Promise.all([added, settled])
    await new Batched(async () => []).settled()
  })
})

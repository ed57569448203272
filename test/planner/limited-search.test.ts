import { expect, it } from 'vitest'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { tensorLayouts } from '../../src-main/core/planner/candidates.ts'
import { linearOptions, type StepSettings } from '../../src-main/core/planner/linear-options.ts'
import { stepsOf, type LinearStep } from '../../src-main/core/planner/steps.ts'
import { networkBuilder } from './networks.ts'

const settings: StepSettings = {
  ...{ degree: 8192, slots: 4096, costs: kernelCosts, input: 'encrypted', packsSparse: true, width: 16 },
  ...{ postponed: new Set(), primes: new Map() },
}

const b = networkBuilder([2, 12, 12])
b.square('s', b.conv('c', INPUT, 4, 3, 1, 1))
const steps = stepsOf(b.model(b.dense('d', 's', 10))).filter((step): step is LinearStep => step.kind === 'linear')

it.each(steps)('ways to compute $id within a limit are those that take no longer', (step) => {
  const [{ shape }] = step.variants[0].terms
  for (const layout of tensorLayouts(shape, settings.slots, [1, 1]).slice(0, 4)) {
    const all = linearOptions(step, [layout], 3, settings, Infinity)
    const described = (options: typeof all) => options.map(({ layout, ms }) => ({ layout, ms }))
    for (const { ms } of [all[1], all[Math.floor(all.length / 2)]]) {
      const within = linearOptions(step, [layout], 3, settings, ms)
      expect(described(within)).toEqual(described(all.filter((option) => option.ms <= ms)))
    }
    expect(linearOptions(step, [layout], 3, settings, 0.999 * all[0].ms)).toEqual([])
  }
})

import { describe, expect, it } from 'vitest'
import { chooseBounds } from '../../src-main/core/approximate/choose-bounds.ts'
import { deepFit, defaultFit, interruptedFit } from '../../src-main/core/approximate/fit-channel.ts'
import type { SlotModel } from '../../src-main/core/network/contrasts.ts'
import { INPUT } from '../../src-main/core/network/layer-model.ts'
import type { ActivationLayer, ConvMap, LayerId, LinearLayer } from '../../src-main/core/network/layer-model.ts'
import { channelScale } from '../../src-main/core/network/linear-maps.ts'

const shape = [1, 1, 1] as const
const common = { sources: [], shape }
const map: ConvMap = { ...channelScale(Float64Array.of(1)), groups: 1 }
const sum = (id: LayerId, ...inputs: LayerId[]): LinearLayer => ({
  ...{ kind: 'linear', id, ...common, bias: new Float64Array(1) },
  terms: inputs.map((input) => ({ input, map })),
})
const relu = (id: LayerId, input: LayerId): ActivationLayer => ({
  ...{ kind: 'activation', id, ...common, input },
  activation: { operator: 'Relu', parameters: {} },
})

/** Blocks of two ReLUs, the second behind the sum with the block's input. */
function residualNetwork(blocks: number): SlotModel {
  const layers: SlotModel['layers'][number][] = []
  let from = INPUT
  for (let i = 0; i < blocks; i++) {
    layers.push(relu(`in${i}`, from), sum(`sum${i}`, `in${i}`, from), relu(`end${i}`, `sum${i}`))
    from = `end${i}`
  }
  const input = { name: 'x', onnxShape: [1, ...shape], layout: 'nchw', shape } as const
  return { name: 'residual', input, layers, output: from, finish: 'none' }
}

const ends = (blocks: number) => new Set(Array.from({ length: blocks }, (_, i) => `end${i}`))

describe('bounds of polynomials beyond what calibration saw', () => {
  it('are near for few of them', () => {
    expect(chooseBounds(residualNetwork(4), new Set())).toBe(defaultFit)
    expect(chooseBounds(residualNetwork(8), ends(8))).toBe(defaultFit)
  })

  it('are far for many in a row', () => {
    expect(chooseBounds(residualNetwork(5), new Set())).toBe(deepFit)
    // Nine in a row behind an exact one, and nothing exact on the way around one that is.
    expect(chooseBounds(residualNetwork(5), new Set(['in0']))).toBe(deepFit)
  })

  it('are light for many that exact activations interrupt', () => {
    expect(chooseBounds(residualNetwork(9), ends(9))).toBe(interruptedFit)
    expect(chooseBounds(residualNetwork(9), new Set(['end3', 'end6']))).toBe(interruptedFit)
  })
})

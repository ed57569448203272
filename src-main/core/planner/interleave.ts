import {
  slotsOf,
  type ElementPacking,
  type Instruction,
  type Plan,
  type PlannedNetwork,
  type WeightIndex,
} from '../plan/plan.ts'

/**
 * The same plan for `batch` images at once: slot s of image i becomes slot s · batch + i. Rotations by
 * multiples of the batch are cyclic over each image's slots, so a plan made for slots / batch carries over.
 */
export function interleave(network: PlannedNetwork, batch: number): PlannedNetwork {
  if (batch === 1) return network
  const { plan, weightVectors, weightPatterns } = network
  const slots = slotsOf(plan.parameters)
  const { shape, sources } = plan.input
  const imageSize = shape[0] * shape[1] * shape[2]
  const interleaved: Plan = {
    ...plan,
    batch,
    input: {
      ...plan.input,
      sources: sources.map((source) =>
        spread(source, batch, (element, image) => (element < 0 ? -1 : element + image * imageSize)),
      ),
    },
    instructions: plan.instructions.map((instruction): Instruction =>
      instruction.op === 'rotate' ? { ...instruction, steps: instruction.steps * batch } : instruction,
    ),
    layers: plan.layers.map((layer) => ({ ...layer, packing: interleavePacking(layer.packing, batch, slots) })),
    output: { ...plan.output, ...interleavePacking(plan.output, batch, slots) },
  }
  const repeated = (vectors: (index: WeightIndex) => Float64Array) => (index: WeightIndex) => {
    const vector = new Float64Array(slots)
    vectors(index).forEach((weight, slot) => vector.fill(weight, slot * batch, (slot + 1) * batch))
    return vector
  }
  return {
    plan: interleaved,
    weightVectors: repeated(weightVectors),
    ...(weightPatterns && { weightPatterns: repeated(weightPatterns) }),
  }
}

function spread(values: Int32Array, batch: number, at: (value: number, image: number) => number): Int32Array {
  return Int32Array.from({ length: values.length * batch }, (_, i) => at(values[Math.floor(i / batch)], i % batch))
}

function interleavePacking({ shape, positions }: ElementPacking, batch: number, slots: number): ElementPacking {
  const perImage = slots / batch
  const all = new Int32Array(positions.length * batch)
  for (let image = 0; image < batch; image++) {
    positions.forEach((position, e) => {
      const ciphertext = Math.floor(position / perImage)
      all[image * positions.length + e] = ciphertext * slots + (position % perImage) * batch + image
    })
  }
  return { shape, positions: all }
}

import { slotsOf, type ElementPacking, type Plan } from './plan.ts'

/** The slot vector of a preprocessed input in one input ciphertext. */
export function packInput({ parameters, input: { sources } }: Plan, input: Float64Array, index: number): Float64Array {
  const slots = new Float64Array(slotsOf(parameters))
  sources[index].forEach((element, slot) => {
    if (element >= 0) slots[slot] = input[element]
  })
  return slots
}

/** The elements of a packed value; `slots` holds one vector per register. */
export function unpack({ parameters }: Plan, packing: ElementPacking, slots: readonly Float64Array[]): Float64Array {
  const perRegister = slotsOf(parameters)
  return Float64Array.from(packing.positions, (at) => slots[Math.floor(at / perRegister)][at % perRegister])
}

/** One preprocessed sample in every place of a batch. */
export function fillBatch({ batch }: Plan, sample: Float64Array): Float64Array {
  const input = new Float64Array(batch * sample.length)
  for (let i = 0; i < batch; i++) input.set(sample, i * sample.length)
  return input
}

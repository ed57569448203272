import { slotsOf, type ElementPacking, type Plan } from '../plan/plan.ts'

/** The slot vectors of a preprocessed input, one per input ciphertext. */
export function packInput({ parameters, input: { sources } }: Plan, input: Float64Array): Float64Array[] {
  return sources.map((source) => {
    const slots = new Float64Array(slotsOf(parameters))
    source.forEach((element, slot) => {
      if (element >= 0) slots[slot] = input[element]
    })
    return slots
  })
}

/** The elements of a packed value; `slots` holds one vector per register. */
export function unpack({ parameters }: Plan, packing: ElementPacking, slots: readonly Float64Array[]): Float64Array {
  const perRegister = slotsOf(parameters)
  return Float64Array.from(packing.positions, (at) => slots[Math.floor(at / perRegister)][at % perRegister])
}

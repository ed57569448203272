import type { InputPacking } from './plan.ts'

/** Input i is input `of`, rotated left by `steps` slots. */
export interface TurnedInput {
  readonly of: number
  readonly steps: number
}

/** Left rotation. */
export function turn(source: Int32Array, steps: number): Int32Array {
  const { length } = source
  return Int32Array.from(source, (_, slot) => source[(slot + steps) % length])
}

/**
 * For each clear input, of which earlier one it is a rotation: rotating an encoded plaintext is much cheaper than
 * encoding. Encrypted inputs are fresh each.
 */
export function turnedInputs({ mode, sources }: InputPacking): (TurnedInput | undefined)[] {
  if (mode !== 'plain') return sources.map(() => undefined)
  const originals: number[] = []
  return sources.map((source, i) => {
    for (const of of originals) {
      const steps = stepsBetween(sources[of], source)
      if (steps !== undefined) return { of, steps }
    }
    originals.push(i)
    return undefined
  })
}

function stepsBetween(original: Int32Array, source: Int32Array): number | undefined {
  const { length } = source
  const first = source.findIndex((element) => element >= 0)
  for (let at = original.indexOf(source[first]); at >= 0; at = original.indexOf(source[first], at + 1)) {
    const steps = (at - first + length) % length
    if (source.every((element, slot) => element === original[(slot + steps) % length])) return steps
  }
  return undefined
}

import { UserError } from '../errors.ts'
import { sizeOf } from '../network/layer-model.ts'
import type { Plan } from './plan.ts'

/** Preprocessed values that the edge encrypts, or what the owner refreshed: saved ciphertexts, one per register. */
export type RunInput = Float64Array | readonly Uint8Array[]

/** @throws UserError wrong-shape, input-out-of-range */
export function checkInput(plan: Plan, input: RunInput): void {
  if (!(input instanceof Float64Array)) {
    if (input.length !== plan.input.sources.length || plan.input.mode === 'plain') {
      throw new UserError('wrong-shape', 'The refreshed input does not fit the segment.')
    }
    return
  }
  if (plan.input.mode === 'handed') {
    throw new UserError('wrong-shape', 'The segment takes what the one before it hands on, not samples.')
  }
  const expected = plan.batch * sizeOf(plan.input.shape)
  if (input.length !== expected) {
    throw new UserError('wrong-shape', `The input has ${input.length} values instead of ${expected}.`)
  }
  const { scale, primes } = plan.input
  const modulusBits = plan.parameters.primes
    .slice(0, primes)
    .reduce((bits, prime) => bits + Math.log2(Number(prime)), 0)
  const largest = input.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (!(Math.log2(largest) + Math.log2(scale) < modulusBits - 1)) {
    throw new UserError('input-out-of-range', `The input holds ${largest}, which is more than can be encrypted.`)
  }
}

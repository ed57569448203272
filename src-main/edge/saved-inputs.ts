import type { SeededInput } from '../core/bundle/receipt.ts'
import { invariant } from '../core/errors.ts'
import type { Plan } from '../core/plan/plan.ts'
import { sha256 } from '../files/sha256.ts'
import { isCiphertexts, seeded, type SegmentInput } from './segment-runner.ts'

/** Makes the input ciphertexts of a segment from a seed, or encoded plaintexts where its input stays in the clear. */
export interface InputEncryptor {
  readonly plan: Plan
  /** One for each register, as SEAL saves them. The input is known to fit the plan. */
  encrypt(input: SeededInput): Uint8Array[]
  close(): Promise<void>
}

/** What a run on node-seal begins with: one saved input per register, and the hashes of those that are encrypted. */
export function savedInputs(
  plan: Plan,
  input: SegmentInput,
  encryptor: InputEncryptor | undefined,
): { saved: readonly Uint8Array[]; inputs: readonly string[] } {
  if (isCiphertexts(input)) return { saved: input, inputs: input.map(sha256) }
  invariant(encryptor, 'only the first segment encrypts')
  const saved = encryptor.encrypt(seeded(input))
  return { saved, inputs: plan.input.mode === 'plain' ? [] : saved.map(sha256) }
}

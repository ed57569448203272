import { allPrimesOf } from './key-form.ts'
import type { CkksParameters } from './plan.ts'

/** Where `MAX_LOG_QP` comes from, as people and bills of materials name it. */
export const LOG_QP_TABLE = 'ePrint 2024/463, table 5.2: 128 bits, classical, ternary secret'

/**
 * Largest log2(QP) with 128-bit classical security for a ternary secret, by ring dimension: "Security
 * Guidelines for Implementing Homomorphic Encryption" (Bossuat et al., ePrint 2024/463), table 5.2. SEAL's own is looser.
 */
export const MAX_LOG_QP: ReadonlyMap<number, number> = new Map([
  [4096, 106],
  [8192, 214],
  [16384, 430],
  [32768, 868],
])

/** log2 of the product of all primes, special ones included. */
export const logQPOf = (parameters: CkksParameters): number =>
  allPrimesOf(parameters).reduce((bits, prime) => bits + Math.log2(Number(prime)), 0)

/** Whether log2(Q·P) is within the bound for 128 bits at this degree (ePrint 2024/463, ternary secret); degrees without a bound are not. */
export function isSecure(parameters: CkksParameters): boolean {
  const bound = MAX_LOG_QP.get(parameters.polyModulusDegree)
  return bound !== undefined && logQPOf(parameters) <= bound
}

import type { CkksParameters } from '../../src-main/core/plan/plan.ts'
import { loadSeal, SealContext } from '../../src-main/seal/public.ts'

/** Small and fast; protects nothing. 50-bit q0, three 30-bit rescaling primes, 50-bit special prime. */
export const insecureParameters: CkksParameters = {
  polyModulusDegree: 1024,
  primes: ['1125899904679937', '1073643521', '1073479681', '1073184769', '1125899903991809'],
}

export async function insecureContext(parameters = insecureParameters): Promise<SealContext> {
  return new SealContext(await loadSeal(), parameters, { insecureForTests: true })
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { familyOf, type EvaluatorChoice } from '../../src-main/core/plan/evaluator-kinds.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { smallSecureParameters, tinyNetwork } from '../bundle/tiny-plan.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'

/** A special prime of 60 bits, which node-seal takes and the kernels do not: 2^60 - 2^18 + 1. */
const large = '1152921504606584833'

async function families(audit: { rate: number } | undefined, primes: readonly string[]) {
  const folder = await temporaryFolder()
  const { plan, weightVectors } = tinyNetwork()
  const segment = { plan: { ...plan, parameters: { ...plan.parameters, primes: [...primes] } }, weightVectors }
  try {
    await exportTiny(folder, { segments: [segment], ...(audit && { audit }) })
    const bundle = await Bundle.open(join(folder, 'tiny.sealed'))
    const load = async (evaluator: EvaluatorChoice): Promise<string> => {
      try {
        const runner = await loadRunner(bundle, 0, { threads: 1, evaluator })
        await runner.delete()
        return familyOf(runner.evaluator)
      } catch (error) {
        const { code, message } = error as { code?: string; message?: string }
        return `${code}: ${message}`
      }
    }
    const loaded = [await load('auto'), await load('seal')]
    await bundle.close()
    return loaded
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('the evaluator that is taken where none is asked for', () => {
  const { primes } = smallSecureParameters
  const withLarge = [...primes.slice(0, -1), large]

  it('is the kernels where they hold the plan', async () => {
    expect(await families(undefined, primes)).toEqual(['kernels-1', 'seal-1'])
    expect(await families({ rate: 1 }, primes)).toEqual(['kernels-1', 'seal-1'])
  })

  it('is node-seal where they do not, but never in a deployment with audits', async () => {
    expect(await families(undefined, withLarge)).toEqual(['seal-1', 'seal-1'])
    const [byItself, asked] = await families({ rate: 1 }, withLarge)
    expect(byItself).toMatch(/^kernels-unsupported: .*a prime of more than 50 bits/)
    expect(asked).toBe('seal-1')
  })
})

import { describe, expect, it } from 'vitest'
import { checkKeys, checkKeySizes } from '../../src-main/core/bundle/check-keys.ts'
import type { ManifestSegment } from '../../src-main/core/bundle/manifest.ts'
import type { Plan } from '../../src-main/core/plan/plan.ts'
import { chooseKeys } from '../../src-main/core/plan/choose-keys.ts'
import { keyBytesOf } from '../../src-main/core/plan/key-form.ts'
import { rehearse } from '../../src-main/core/plan/rehearse.ts'
import { tinyHybrid, tinyNetwork } from './tiny-plan.ts'

const { plan } = tinyNetwork()
const withKeys = (evaluationKeys: ManifestSegment['evaluationKeys']): ManifestSegment => ({
  index: 0,
  plan: 'p',
  weights: { blob: 'b', index: 'i' },
  publicKey: 'k',
  evaluationKeys,
})
const relinearisation = { primes: 4, relinearisation: 'r' }
const rotation = { primes: 2, rotation: { entry: 's', steps: [1] } }

describe('the keys of a segment', () => {
  it('serve what the plan does', () => {
    expect(() => checkKeys(plan, withKeys([relinearisation, rotation]))).not.toThrow()
  })

  it.each<[string, ManifestSegment['evaluationKeys']]>([
    ['it lacks the relinearisation key', [rotation]],
    ['it lacks the relinearisation key', [{ ...relinearisation, primes: 3 }, rotation]],
    ['it lacks the key for rotations by 1', [relinearisation]],
    ['it lacks the key for rotations by 1', [relinearisation, { ...rotation, primes: 1 }]],
    ['a key is above the modulus chain', [relinearisation, { ...rotation, primes: 5 }]],
  ])('are refused: %s', (reason, keys) => {
    expect(() => checkKeys(plan, withKeys(keys))).toThrow(
      expect.objectContaining({ code: 'damaged-bundle', message: expect.stringContaining(reason) }),
    )
  })

  it('of a hybrid plan are of their own levels alone, and of their digits’ size', () => {
    const { plan: hybrid } = tinyHybrid()
    const { relinearisationPrimes, rotationPrimes } = rehearse(hybrid)
    const keys = chooseKeys(hybrid)
    expect(keys).toContainEqual({ primes: relinearisationPrimes, relinearisation: true, steps: [] })
    expect(keys.flatMap(({ primes, steps }) => steps.map((step) => [step, primes])).sort()).toEqual(
      [...rotationPrimes].sort(),
    )
    const entries = keys.map(({ primes, relinearisation, steps }, i) =>
      relinearisation
        ? { primes, relinearisation: `${i}` }
        : { primes, rotation: { entry: `${i}`, steps: [...steps] } },
    )
    expect(() => checkKeys(hybrid, withKeys(entries))).not.toThrow()
    const lower = entries.map((entry) => (entry.relinearisation ? { ...entry, primes: entry.primes - 1 } : entry))
    expect(() => checkKeys(hybrid, withKeys(lower))).toThrow('its key for relinearisation is made for 3 primes')
    const sizes = keys.map(({ primes, relinearisation, steps }, i) => ({
      ...{ name: `${i}`, sha256: '' },
      bytes: keyBytesOf(hybrid.parameters, primes) * (steps.length + Number(relinearisation)),
    }))
    expect(() => checkKeySizes(hybrid, withKeys(entries), sizes)).not.toThrow()
    const [first, ...others] = sizes
    expect(() => checkKeySizes(hybrid, withKeys(entries), [{ ...first, bytes: first.bytes / 2 }, ...others])).toThrow(
      'keys of the digits and primes that its plan says have',
    )
    expect(() => checkKeySizes(plan, withKeys(entries), sizes)).toThrow('that its plan says have')
  })

  it('are on the whole chain where few would not pay for another', () => {
    expect(chooseKeys(plan)).toEqual([
      { primes: 4, relinearisation: true, steps: [] },
      { primes: 4, relinearisation: false, steps: [1] },
    ])
  })

  it('are on a shorter chain where many pay for it, in pieces, each step once', () => {
    const [last] = plan.output.registers
    const steps = Array.from({ length: 60 }, (_, i) => i + 2)
    const rotations = steps.map((by, i) => ({ op: 'rotate', out: 100 + i, in: last, steps: by }) as const)
    const many: Plan = { ...plan, layers: [], instructions: [...plan.instructions, ...rotations] }
    const [first, ...groups] = chooseKeys(many)
    expect(first).toEqual({ primes: 4, relinearisation: true, steps: [] })
    expect(groups.every(({ primes }) => primes === 2)).toBe(true)
    expect(groups.flatMap((group) => group.steps)).toEqual([1, ...steps])
  })
})

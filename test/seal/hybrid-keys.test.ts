import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nttPrimes } from '../../src-main/core/numeric/primes.ts'
import { possibleForms } from '../../src-main/core/plan/choose-forms.ts'
import type { CkksParameters, KeyForm } from '../../src-main/core/plan/plan.ts'
import {
  loadCiphertext,
  loadSeal,
  SealContext,
  SealEvaluator,
  SealKeys,
  SealWeights,
  type Ciphertext,
} from '../../src-main/seal/public.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'

const n = 2048
const scale = 2 ** 34
const STEPS = [1, 6, 300]
const [first, ...middle] = nttPrimes(n, 34, 8, new Set())
const [q0, special] = nttPrimes(n, 42, 1, new Set()).concat(nttPrimes(n, 46, 1, new Set()))
const [keyPrime] = nttPrimes(n, 35, 1, new Set())
const plain: CkksParameters = { polyModulusDegree: n, primes: [q0, first, ...middle.slice(0, 6), special].map(String) }
const levels = plain.primes.length - 1
const withForms = (forms: readonly KeyForm[]): CkksParameters => ({
  ...plain,
  keySwitching: { keyPrimes: [String(keyPrime)], forms },
})
/** Of each level, the form with most special primes: as many from the chain as there are. */
const unformed = withForms(Array.from({ length: levels }, () => ({ digitPrimes: 1, specialPrimes: 1 })))
const hybrid = withForms(Array.from({ length: levels }, (_, i) => possibleForms(unformed, i + 1).at(-1)!))

/** Squared errors of two fresh keys: their ratio is 0.85 ± 0.1 here; a key that is wrong gives millions. */
const CHANCE = 1.5

describe('hybrid keys that the owner makes, insecure and small', () => {
  const opened: { delete(): void }[] = []
  let owners: { key: OwnerKey; context: SealContext; evaluatorAt: (level: number) => SealEvaluator }[]

  const own = <T extends { delete(): void }>(object: T): T => {
    opened.push(object)
    return object
  }

  beforeAll(async () => {
    const seal = await loadSeal()
    owners = [plain, hybrid].map((parameters) => {
      const context = own(new SealContext(seal, parameters, { insecureForTests: true }))
      const key = own(OwnerKey.generate(context))
      const evaluatorAt = (level: number): SealEvaluator => {
        const keys = own(new SealKeys(context))
        keys.add(key.evaluationKeys(level, true, STEPS))
        const weights = own(new SealWeights(context, [], () => new Uint8Array(), 0))
        return new SealEvaluator({ context, weights, keys })
      }
      return { key, context, evaluatorAt }
    })
  })
  afterAll(() => opened.reverse().forEach((object) => object.delete()))

  const slots = Float64Array.from({ length: n / 2 }, (_, i) => Math.sin(7 * i))
  const fresh = ({ key, context }: (typeof owners)[number], primes: number, at = scale): Ciphertext =>
    loadCiphertext(context, key.encrypt(slots, at, primes), { primes, scale: at })

  it('have fewer digits, and more special primes further down', () => {
    const forms = hybrid.keySwitching!.forms
    expect(forms.at(-1)).toEqual({ digitPrimes: 2, specialPrimes: 2 })
    expect(forms[4]).toEqual({ digitPrimes: 5, specialPrimes: 5 })
    const [seals, ours] = owners.map(({ key }) => key.evaluationKeys(5, true, []).relinearisation!.length)
    expect(ours).toBeLessThan(0.4 * seals)
  })

  it.each([levels, 5, 3, 1])('rotate with an error no larger than SEAL’s, keys for %d primes', (level) => {
    const [seals, ours] = owners.map((owner) => {
      const evaluator = owner.evaluatorAt(level)
      let squared = 0
      for (const primes of new Set([level, Math.max(1, level - 1)])) {
        const value = fresh(owner, primes)
        const before = owner.key.decrypt(value)
        for (const steps of STEPS) {
          const rotated = evaluator.rotate(value, steps)
          owner.key
            .decrypt(rotated as Ciphertext)
            .forEach((x, i) => (squared += (x - before[(i + steps) % before.length]) ** 2))
          rotated.delete()
        }
        value.delete()
      }
      return squared
    })
    expect(ours).toBeLessThan(CHANCE * seals)
    expect(ours).toBeGreaterThan(0)
  })

  it.each([levels, 4])('relinearise with an error no larger than SEAL’s, keys for %d primes', (level) => {
    const [seals, ours] = owners.map((owner) => {
      const evaluator = owner.evaluatorAt(level)
      // At the square of the usual scale the error would be below the rounding of a double.
      const value = fresh(owner, level, Math.sqrt(scale))
      const square = evaluator.square(value)
      const three = owner.key.decrypt(square)
      const two = evaluator.relinearise(square)
      expect(two.size()).toBe(2)
      const error = owner.key.decrypt(two).reduce((sum, x, i) => sum + (x - three[i]) ** 2, 0)
      for (const ciphertext of [value, square, two]) ciphertext.delete()
      return error
    })
    expect(ours).toBeLessThan(CHANCE * seals)
  })

  it('of another size are refused by name', () => {
    const [, { key, context }] = owners
    const { relinearisation } = key.evaluationKeys(5, true, [])
    const keys = new SealKeys(context)
    expect(() => keys.add({ primes: 6, relinearisation })).toThrow(
      expect.objectContaining({ code: 'damaged-data', message: expect.stringContaining('as its plan says') }),
    )
    keys.delete()
  })
})

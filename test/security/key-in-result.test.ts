import { rm } from 'node:fs/promises'
import { sha256 } from '../../src-main/files/sha256.ts'
import { drawCoin } from '../../src-main/owner/gateway/audits.ts'
import { saveCiphertext, type Ciphertext } from '../../src-main/seal/public.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bitsBeforeCaught, bitsPerAnswer, lifetimeBits } from '../../src-main/owner/budget/bits.ts'
import { Ledger } from '../../src-main/owner/budget/ledger.ts'
import { refuseNoise } from '../../src-main/owner/plausible.ts'
import { reveal } from '../../src-main/owner/reveal.ts'
import { temporaryFolder } from '../owner/exported.ts'
import { InsecureKeyThief } from './insecure-key-thief.ts'

/*
 * An edge that returns ciphertexts of its own making in place of results: each decrypts to two coefficients of the secret
 * key, which pick the label among ten. It has what a bundle holds and nothing else. Parameters are small and INSECURE, so
 * that the test is quick; nothing in the attack depends on that.
 */
const id = 'ab'.repeat(16)
const policy = { mode: 'label' } as const
const deployment = {
  outputs: 10,
  batch: 1,
  flooding: { noise: 1e-6, spread: 10, releases: 1, statisticalBits: 30 },
  model: { name: 'insecure', sha256: 'ab'.repeat(32), finish: 'none' },
} as const

describe('a lying edge that asks for the secret key, label by label (insecure small parameters)', () => {
  let folder: string
  let ledger: Ledger
  let thief: InsecureKeyThief

  beforeAll(async () => {
    folder = await temporaryFolder()
    ledger = new Ledger(folder)
    thief = await InsecureKeyThief.start()
  })
  afterAll(async () => {
    thief.delete()
    await rm(folder, { recursive: true })
  })

  /** What the owner does with a result: count, decrypt, look for noise, reveal. Undefined where it is refused. */
  async function answer(result: Ciphertext, bitsAllowed: number): Promise<number | undefined> {
    if (!(await ledger.spend(id, { bits: bitsPerAnswer(policy, deployment) }, { bits: bitsAllowed }))) return undefined
    const { key, context, output } = thief
    const values = key.decrypt(result)
    refuseNoise(values, context.parameters, output)
    return reveal(values.subarray(0, deployment.outputs), deployment, policy).label
  }

  /** Coefficients that were learnt until the owner refused. */
  async function steal(most: number, bitsAllowed: number): Promise<Map<number, number>> {
    const learnt = new Map<number, number>()
    while (learnt.size < most) {
      const places = [learnt.size, learnt.size + 1] as const
      const result = thief.resultAbout(places)
      const label = await answer(result, bitsAllowed)
      result.delete()
      if (label === undefined) break
      thief.coefficientsOf(label).forEach((coefficient, i) => learnt.set(places[i], coefficient))
    }
    return learnt
  }

  it('learns two coefficients from each label, all of them right', async () => {
    const learnt = await steal(24, Infinity)
    expect(learnt.size).toBe(24)
    for (const [place, coefficient] of learnt) expect(coefficient, `place ${place}`).toBe(thief.secretAt(place))
  })

  it('is stopped by the budget before it has one hundredth of the key', async () => {
    await ledger.update(id, (account) => ({ ...account, spentBits: 0 }))
    const { polyModulusDegree } = thief.context.parameters
    const learnt = await steal(polyModulusDegree, lifetimeBits(1e6, polyModulusDegree))
    expect(learnt.size).toBe(8)
    expect(learnt.size / polyModulusDegree).toBeLessThan(0.01)
  })

  it('is caught by audits after 1 / p answers on average, and before it is answered', async () => {
    const rate = 0.2
    const edges = 60
    let answered = 0
    const honest = thief.honestResult()
    const hash = sha256(saveCiphertext(thief.context, honest))
    honest.delete()
    const result = thief.resultAbout([0, 1])
    const lying = sha256(saveCiphertext(thief.context, result))
    for (let edge = 0; edge < edges; edge++) {
      for (let isCaught = false; !isCaught;) {
        // The receipt names what is returned; the replay finds what honest work gives.
        isCaught = drawCoin(rate) && lying !== hash
        if (!isCaught && (await answer(result, Infinity)) !== undefined) answered += 1
      }
    }
    result.delete()
    // Answers before the first audit are geometric: mean (1 − p) / p, variance (1 − p) / p². Five standard deviations.
    const mean = (1 - rate) / rate
    const deviation = Math.sqrt((1 - rate) / rate ** 2 / edges)
    expect(Math.abs(answered / edges - mean)).toBeLessThan(5 * deviation)
    expect(bitsBeforeCaught(bitsPerAnswer(policy, deployment), rate)).toBeCloseTo(mean * Math.log2(10), 9)
  })
})

import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackCiphertext } from '../../src-main/seal/packed.ts'
import { loadCiphertext, loadSeal, saveCiphertext, SealContext } from '../../src-main/seal/public.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { expand, fromRuns, openBundle, weightsOf, type SecondPlan } from './second-reader.ts'
import { tinyNetwork } from './tiny-plan.ts'

describe('a reader that knows only docs/bundle-format.md', () => {
  let folder: string
  let file: Buffer

  beforeAll(async () => {
    folder = await temporaryFolder()
    await exportTiny(folder)
    file = await readFile(join(folder, 'tiny.sealed'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const planOf = ({ manifest, entry }: ReturnType<typeof openBundle>): SecondPlan =>
    JSON.parse(entry(manifest.segments[0].plan).toString('utf8')) as SecondPlan

  it('opens a bundle: archive, frame, hashes, signature, plan, sizes', () => {
    const bundle = openBundle(file)
    const { plan } = tinyNetwork()
    const { parameters, weights, output } = planOf(bundle)
    expect(parameters).toEqual(plan.parameters)
    expect(fromRuns(output.positions)).toEqual([...plan.output.positions])
    expect(weights.map(([layer, role, scale, primes]) => ({ layer, role, scale, primes }))).toEqual(plan.weights)
    expect(weightsOf(bundle)).toHaveLength(plan.weights.length)
    const bits = parameters.primes.map((prime) => BigInt(prime).toString(2).length)
    const keyBytes = 64 + bits.reduce((sum, each) => sum + (parameters.polyModulusDegree * each) / 8, 0)
    expect(bundle.entry(bundle.manifest.segments[0].publicKey)).toHaveLength(keyBytes)
  })

  it('notices a change wherever it is', () => {
    for (let at = 0; at < file.length; at += Math.ceil(file.length / 50)) {
      const changed = Buffer.from(file)
      changed[at] ^= 1
      expect(() => openBundle(changed), `byte ${at}`).toThrow()
    }
  })

  it('expands a weight to the residues that SEAL has', async () => {
    const bundle = openBundle(file)
    const { parameters, weights } = planOf(bundle)
    const [, , scale, primes] = weights[1]
    const packed = weightsOf(bundle)[1]
    const chain = parameters.primes.slice(0, primes).map(BigInt)
    const [first, second] = expand(packed, parameters.polyModulusDegree, chain)

    const context = new SealContext(await loadSeal(), { ...parameters })
    const ciphertext = loadCiphertext(context, unpackCiphertext(context, Uint8Array.from(packed), primes, scale), {
      scale,
      primes,
    })
    const saved = Buffer.from(saveCiphertext(context, ciphertext))
    const words = Array.from({ length: first.length + second.length }, (_, i) => saved.readBigUInt64LE(113 + 8 * i))
    expect([...first, ...second].every((word, i) => word === words[i])).toBe(true)
    ciphertext.delete()
    context.delete()
  })
})

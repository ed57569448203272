import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackCiphertext } from '../../src-main/seal/packed.ts'
import { expansionPlan } from '../../src-main/core/plan/plan.ts'
import { runPlan } from '../../src-main/core/plan/run-plan.ts'
import { loadSegment } from '../../src-main/edge/load-segment.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import {
  loadCiphertext,
  loadPacked,
  loadSeal,
  saveCiphertext,
  SealContext,
  type Ciphertext,
} from '../../src-main/seal/public.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { billedParameters, expand, fromRuns, openBundle, weightsOf, type SecondPlan } from './second-reader.ts'
import { expandWeights } from './second-expansion.ts'
import { tinyExpanded, tinyHybrid, tinyMasked, tinyNetwork } from './tiny-plan.ts'

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

  it('reads what the bundle states: parameters with their bound, accuracy, a schema of receipts', () => {
    const bundle = openBundle(file)
    const { polyModulusDegree, primes } = planOf(bundle).parameters
    const stated = billedParameters(bundle, 0)
    const logQP = primes.reduce((sum, prime) => sum + Math.log2(Number(prime)), 0)
    expect(stated.get('sealwright:polyModulusDegree')).toBe(String(polyModulusDegree))
    expect(Number(stated.get('sealwright:logQP'))).toBeCloseTo(logQP, 2)
    expect(stated.get('sealwright:logQPBound')).toBe('214')
    const { accuracy, receiptSchema } = bundle.manifest.documents
    expect(JSON.parse(bundle.entry(accuracy).toString())).toEqual({ version: 1 })
    expect(JSON.parse(bundle.entry(receiptSchema).toString())).toMatchObject({
      type: 'object',
      additionalProperties: false,
    })
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

  it.each([
    { keys: 'SEAL’s', network: tinyExpanded() },
    { keys: 'hybrid', network: tinyHybrid() },
    { keys: 'no', network: tinyMasked() },
  ])(
    'expands weights by a load program with $keys keys to the residues that the edge has',
    async ({ keys, network }) => {
      const out = join(folder, `expanded-${keys}.sealed`)
      await exportTiny(folder, { segments: [network], out })
      const bundle = openBundle(await readFile(out))
      const plan = planOf(bundle)
      // Entries: the bias, then what is expanded.
      const [, packed] = weightsOf(bundle)
      const weights = expandWeights(bundle, plan, packed)
      expect([...weights.keys()]).toEqual([0, 2])

      const opened = await Bundle.open(out)
      const { plan: read, context, evaluator, ...segment } = await loadSegment(opened, 0)
      const { loadExpansion } = await opened.weights(opened.segment(0), read)
      const [expansion] = read.expansions!
      const source = loadPacked(context, loadExpansion(0), expansion.input)
      const made = runPlan(expansionPlan(read, expansion, true), evaluator, [source])
      expansion.results.forEach(({ weight }, i) => {
        const saved = Buffer.from(saveCiphertext(context, made[i] as Ciphertext))
        const words = weights.get(weight)!.flat(2)
        expect(words.every((word, at) => word === saved.readBigUInt64LE(113 + 8 * at))).toBe(true)
        expect(saved.length).toBe(113 + 8 * words.length)
      })
      for (const ciphertext of [source, ...made]) ciphertext.delete()
      segment.delete()
      await opened.close()
    },
  )
})

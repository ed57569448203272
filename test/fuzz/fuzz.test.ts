import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeManifest, encodeManifest, type Manifest } from '../../src-main/core/bundle/manifest.ts'
import { decodePlan, encodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { decodeResult, encodeResult, type EncryptedResult } from '../../src-main/core/bundle/result.ts'
import { UserError } from '../../src-main/core/errors.ts'
import { sampleFromBytes } from '../../src-main/data/sample-from-bytes.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { serve, type Serving } from '../../src-main/edge/serve/serve.ts'
import { verifyStatement } from '../../src-main/files/signature.ts'
import { ResultOpener } from '../../src-main/owner/decrypt.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import { Signer } from '../../src-main/owner/sign.ts'
import { heapBytes, loadCiphertext, PublicEncryptor, SealKeys, type SealContext } from '../../src-main/seal/public.ts'
import { unpackCiphertext } from '../../src-main/seal/packed.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { tinyNetwork } from '../bundle/tiny-plan.ts'
import { npy } from '../edge/npy.ts'
import { rewriteBundle } from '../edge/rewrite-bundle.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { insecureContext } from '../seal/insecure.ts'
import { chooseSeed } from '../support/seed.ts'
import { mutateBytes, mutateJson, randomFrom } from './mutate.ts'

const cases = Number(process.env.FUZZ_CASES ?? 500)
const seed = chooseSeed('mutants')
const share = (part: number): number => Math.ceil(cases * part)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
/** Processor time, which a busy machine does not lengthen. */
const maxMs = 5_000

/** Each mutant is refused as a person's mistake or does no harm, within the time; anything else fails with its number. */
async function everyMutant(
  count: number,
  attempt: (random: ReturnType<typeof randomFrom>) => unknown,
): Promise<number> {
  let refused = 0
  for (let number = 0; number < count; number++) {
    const started = process.cpuUsage()
    try {
      await attempt(randomFrom(seed + number))
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`TEST_SEED=${seed + number}`, { cause: error })
      refused += 1
    }
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000, `TEST_SEED=${seed + number}`).toBeLessThan(maxMs)
  }
  return refused
}

describe(`mutants (TEST_SEED=${seed})`, { timeout: 30 * 60_000 }, () => {
  let folder: string
  let bundleBytes: Buffer
  let manifest: Manifest
  let mutant: string
  const { plan } = tinyNetwork()

  beforeAll(async () => {
    folder = await temporaryFolder()
    mutant = join(folder, 'mutant.sealed')
    await exportTiny(folder)
    const path = join(folder, 'tiny.sealed')
    bundleBytes = await readFile(path)
    const bundle = await Bundle.open(path)
    manifest = bundle.manifest
    await bundle.close()
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('of bundles', async () => {
    const refused = await everyMutant(share(0.15), async (random) => {
      await writeFile(mutant, mutateBytes(bundleBytes, random))
      await (await Bundle.open(mutant)).close()
    })
    // A mutation may put back the byte that was there.
    expect(refused).toBeGreaterThan(share(0.15) * 0.9)
  })

  it('of one entry in a sound archive', async () => {
    const names = manifest.entries.map(({ name }) => name)
    await everyMutant(share(0.05), async (random) => {
      const name = ['manifest.json', 'signature.json', 'signer.pem', ...names][random(names.length + 3)]
      await rewriteBundle(join(folder, 'tiny.sealed'), mutant, (entries) => {
        entries.set(name, mutateBytes(entries.get(name)!, random))
      })
      await (await Bundle.open(mutant)).close()
    })
  })

  it('of manifests, as bytes and as JSON', async () => {
    const bytes = encodeManifest(manifest)
    await everyMutant(share(0.1), (random) => decodeManifest(mutateBytes(bytes, random)))
    await everyMutant(share(0.1), (random) => decodeManifest(toBytes(mutateJson(manifest, random))))
  })

  it('of plans, as bytes and as JSON', async () => {
    const bytes = encodePlan(plan)
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes))
    await everyMutant(share(0.05), (random) => decodePlan(mutateBytes(bytes, random)))
    await everyMutant(share(0.15), (random) => decodePlan(toBytes(mutateJson(document, random))))
  })

  it('of signatures', async () => {
    const signer = Signer.generate()
    const signature = signer.sign([{ name: 'a', sha256: '0'.repeat(64) }])
    await everyMutant(share(0.05), (random) => verifyStatement(mutateBytes(signature, random), signer.publicKey))
  })

  it('of samples', async () => {
    const png = await readFile('assets/digits/7.png')
    const shape = [1, 28, 28] as const
    await everyMutant(share(0.05), (random) =>
      sampleFromBytes(mutateBytes(png, random), 'image/png', shape, { layout: 'nchw' }),
    )
    const array = npy([0.3, -0.8, 1.5, 0.6])
    await everyMutant(share(0.1), (random) =>
      sampleFromBytes(mutateBytes(array, random), 'application/x-npy', [1, 2, 2], { layout: 'nchw' }),
    )
  })

  describe('of ciphertexts and keys', () => {
    let context: SealContext
    let key: OwnerKey
    beforeAll(async () => {
      context = await insecureContext()
      key = OwnerKey.generate(context)
    })
    afterAll(() => [key, context].forEach((part) => part.delete()))

    it('in a bundle', async () => {
      const scale = 2 ** 30
      const weight = key.encryptSeeded(Float64Array.of(1, 2, 3), scale, 2)
      const publicKey = key.publicKey()
      const { relinearisation, galois } = key.evaluationKeys(4, true, [1])
      const before = heapBytes(context.seal)
      await everyMutant(share(0.1), (random) => {
        const unpacked = unpackCiphertext(context, mutateBytes(weight, random), 2, scale)
        loadCiphertext(context, unpacked, { primes: 2, scale }).delete()
        loadCiphertext(context, mutateBytes(unpacked, random), { primes: 2, scale }).delete()
      })
      await everyMutant(share(0.05), (random) => {
        new PublicEncryptor(context, mutateBytes(publicKey, random)).delete()
        const keys = new SealKeys(context)
        try {
          keys.add({ primes: 4, relinearisation: mutateBytes(relinearisation!, random) })
          keys.add({ primes: 4, galois: { steps: [1], bytes: mutateBytes(galois!.bytes, random) } })
        } finally {
          keys.delete()
        }
      })
      expect(heapBytes(context.seal) - before).toBeLessThan(64 * 2 ** 20)
    })
  })

  describe('sent to those who answer', () => {
    let server: Serving
    let opener: ResultOpener
    let result: EncryptedResult
    const post = (body: Uint8Array, type = 'application/x-npy') =>
      fetch(`${server.url}/v1/run`, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } })

    beforeAll(async () => {
      server = await serve({
        bundle: join(folder, 'tiny.sealed'),
        trust: {},
        runner: { threads: 1, evaluator: 'seal' },
        port: 0,
        queue: 4,
      })
      const answer = await post(npy([0.3, -0.8, 1.5, 0.6]))
      result = decodeResult(new Uint8Array(await answer.arrayBuffer()), sha256)
      const keys = new UnlockedKeyStore(join(folder, 'keys'), { passphrase })
      const [deployment] = await keys.store.list()
      opener = await ResultOpener.load(keys, deployment, 0)
    })
    afterAll(async () => {
      opener.delete()
      await server.close()
    })

    it('as results', async () => {
      const file = encodeResult(result, sha256)
      await everyMutant(share(0.05), (random) => opener.open(decodeResult(mutateBytes(file, random), sha256)))
      // With hashes made to fit, so that SEAL meets them.
      await everyMutant(share(0.03), (random) =>
        opener.open({ ...result, ciphertexts: result.ciphertexts.map((bytes) => mutateBytes(bytes, random)) }),
      )
    })

    it('as requests, after which a good one is still answered', async () => {
      const types = ['application/x-npy', 'image/png', 'image/jpeg', 'text/html', '']
      const array = npy([0.3, -0.8, 1.5, 0.6])
      const statuses = new Set<number>()
      await everyMutant(share(0.02), async (random) => {
        const response = await post(mutateBytes(array, random), types[random(types.length)])
        await response.arrayBuffer()
        statuses.add(response.status)
      })
      expect([...statuses].filter((status) => ![200, 400, 413, 415].includes(status))).toEqual([])
      expect((await post(array)).status).toBe(200)
    })
  })
})

const toBytes = (document: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(document))

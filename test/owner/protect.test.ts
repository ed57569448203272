import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { estimatePlan } from '../../src-main/core/plan/estimate.ts'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { kernelCosts } from '../../src-main/core/plan/cost-model.ts'
import { silent, type WorkContext } from '../../src-main/core/progress.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { decrypt, ResultOpener } from '../../src-main/owner/decrypt.ts'
import { UnlockedKeyStore } from '../../src-main/owner/unlocked-key-store.ts'
import type { ProtectResult } from '../../src-main/owner/protect.ts'
import { tinyNetwork, tinyOutput } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const unlock = { passphrase }
const pixels = Float64Array.of(0.3, -0.8, 1.5, 0.6)
const coded = (code: string) => expect.objectContaining({ code })

describe('a protected network', () => {
  let folder: string
  let keysFolder: string
  let bundlePath: string
  let exported: ProtectResult

  beforeAll(async () => {
    folder = await temporaryFolder()
    keysFolder = join(folder, 'keys')
    bundlePath = join(folder, 'tiny.sealed')
    exported = await exportTiny(folder)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const runTiny = async (path = bundlePath): Promise<Uint8Array> => {
    const bundle = await Bundle.open(path)
    const runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'seal' })
    const ciphertexts = await runner.run(pixels, silent)
    await runner.delete()
    await bundle.close()
    const { deploymentId } = bundle.manifest
    return encodeResult({ deploymentId, bundleSha256: bundle.sha256, segment: 0, ciphertexts }, sha256)
  }

  it('runs on ciphertexts and decrypts to what it computes in the clear', async () => {
    const result = decodeResult(await runTiny(), sha256)
    const keys = new UnlockedKeyStore(keysFolder, unlock)
    const opener = await ResultOpener.load(keys, await keys.store.read(exported.deploymentId), 0)
    const outputs = opener.open(result)
    opener.delete()
    tinyOutput(pixels).forEach((expected, i) => expect(outputs[i]).toBeCloseTo(expected, 2))
  })

  it('takes plain input too', async () => {
    const plainFolder = await temporaryFolder()
    await exportTiny(plainFolder, { segments: [tinyNetwork('plain')] })
    const file = join(plainFolder, 'result')
    await writeFile(file, await runTiny(join(plainFolder, 'tiny.sealed')))
    const revealed = await decrypt({ result: file, keysFolder: join(plainFolder, 'keys'), unlock, beyondBudget: true })
    const expected = tinyOutput(pixels)
    expect(revealed).toEqual({ label: expected.indexOf(Math.max(...expected)) })
    await rm(plainFolder, { recursive: true })
  })

  it('reports its sizes as they are', async () => {
    expect(exported.bundleBytes).toBe((await stat(bundlePath)).size)
    expect(exported.polyModulusDegree).toBe(8192)
    expect(exported.logQP).toBeCloseTo(190, 1)
    expect(exported.weightBytes + exported.keyBytes).toBeLessThan(exported.bundleBytes)
    const estimate = estimatePlan(tinyNetwork().plan, kernelCosts)
    expect(estimate.weightBytes / exported.weightBytes).toBeCloseTo(1, 2)
    expect(estimate.keyBytes / exported.keyBytes).toBeCloseTo(1, 2)
  })

  it('keeps secrets in age files that only the owner may read', async () => {
    const deployment = join(keysFolder, exported.deploymentId)
    const names = await readdir(deployment)
    const secrets = ['identity', 'secret-0', 'signing-key'].map((name) => `${name}.age`)
    expect(names.sort()).toEqual(['deployment.json', 'plan-0.json', 'signer.pem', ...secrets].sort())
    for (const name of names) expect((await stat(join(deployment, name))).mode & 0o777).toBe(0o600)
    const stanzas = await Promise.all(
      secrets.map(async (name) => {
        const [header, stanza] = (await readFile(join(deployment, name), 'latin1')).split('\n')
        expect(header).toBe('age-encryption.org/v1')
        return stanza.split(' ')[1]
      }),
    )
    expect(stanzas).toEqual(['scrypt', 'X25519', 'X25519'])
  })

  it('holds neither the secret key nor a weight in the clear', async () => {
    const bundle = await readFile(bundlePath)
    const secret = await new UnlockedKeyStore(keysFolder, unlock).readSecret(exported.deploymentId, 'secret-0')
    for (const start of [0, 1, 2, 3].map((i) => 1000 + i * 8192 * 8)) {
      expect(bundle.includes(Buffer.from(secret.subarray(start, start + 32)))).toBe(false)
    }
    const { plan, weightVectors } = tinyNetwork()
    const values = plan.weights.flatMap((_, index) => [...weightVectors(index).subarray(0, 4)])
    for (const value of values) {
      for (const encoded of [Float32Array.of(value), Float64Array.of(value)]) {
        expect(bundle.includes(Buffer.from(encoded.buffer))).toBe(false)
      }
    }
  })

  it('refuses an output that exists, and replaces it only when forced', async () => {
    const before = await readFile(bundlePath)
    await expect(exportTiny(folder)).rejects.toThrow(coded('output-exists'))
    expect(await readFile(bundlePath)).toEqual(before)
    const forced = join(folder, 'forced.sealed')
    await writeFile(forced, 'old')
    await exportTiny(folder, { out: forced, force: true })
    const bundle = await Bundle.open(forced)
    await bundle.close()
  })

  it('leaves nothing behind when cancelled during encryption', async () => {
    const elsewhere = await temporaryFolder()
    const abort = new AbortController()
    const work: WorkContext = {
      signal: abort.signal,
      progress: (event) => event.kind === 'step' && event.detail === 'weights' && abort.abort(),
    }
    await expect(exportTiny(elsewhere, {}, work)).rejects.toThrow(coded('cancelled'))
    expect(await readdir(elsewhere)).toEqual(['keys'])
    expect(await readdir(join(elsewhere, 'keys'))).toEqual([])
    await rm(elsewhere, { recursive: true })
  })

  it('refuses a wrong passphrase and damages nothing', async () => {
    const file = join(folder, 'passphrase.result')
    await writeFile(file, await runTiny())
    const open = (passphrase: string) =>
      decrypt({ result: file, keysFolder, unlock: { passphrase }, beyondBudget: true })
    await expect(open('wrong')).rejects.toThrow(coded('wrong-passphrase'))
    await expect(open(passphrase)).resolves.toHaveProperty('label')
  })

  it('refuses the result of another bundle', async () => {
    const elsewhere = await temporaryFolder()
    await exportTiny(elsewhere)
    const file = join(folder, 'other.result')
    await writeFile(file, await runTiny(join(elsewhere, 'tiny.sealed')))
    await expect(decrypt({ result: file, keysFolder, unlock })).rejects.toThrow(coded('result-of-another-bundle'))
    await rm(elsewhere, { recursive: true })
  })

  it.each(['truncated', 'changed', 'extended'])('refuses a result that was %s', async (how) => {
    const bytes = await runTiny()
    const damaged = {
      truncated: bytes.subarray(0, -100),
      changed: bytes.with(bytes.length - 100, bytes[bytes.length - 100] ^ 1),
      extended: Uint8Array.of(...bytes.subarray(0, 2000), 0),
    }[how]!
    const file = join(folder, `${how}.result`)
    await writeFile(file, damaged)
    await expect(decrypt({ result: file, keysFolder, unlock })).rejects.toThrow(coded('damaged-result'))
  })
})

import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import type { UserError } from '../../src-main/core/errors.ts'
import { silent } from '../../src-main/core/progress.ts'
import { decrypt } from '../../src-main/jobs/decrypt.ts'
import { edgeRun } from '../../src-main/jobs/edge-run.ts'
import { present } from '../../src-main/core/must.ts'
import { edgeUpdate } from '../../src-main/jobs/edge-update.ts'
import { plan } from '../../src-main/jobs/plan.ts'
import { checkKept, protect, type ProtectRequest } from '../../src-main/jobs/protect.ts'
import { update } from '../../src-main/jobs/update.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { mnist } from '../support/mnist.ts'
import { randomSample } from '../models/compare.ts'
import { model, node, tensor } from '../onnx/small-model.ts'
import { npyFile } from '../support/npy.ts'
import { mnistSamples } from '../support/mnist-samples.ts'

describe('protect', () => {
  let folder: string
  let request: ProtectRequest
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealwright-protect-'))
    const calibration = join(folder, 'calibration.npy')
    await writeFile(
      calibration,
      npyFile([100, 1, 28, 28], Float64Array.from(mnistSamples(0, 100).flatMap((sample) => [...sample]))),
    )
    request = {
      model: join(import.meta.dirname, '../models/trained/mnist_cryptonets_relu.onnx'),
      calibration,
      preprocessing: { scale: 1, mean: [0], std: [1] },
      degree: 2,
      tuningEpochs: 0,
      input: 'encrypted',
      keys: join(folder, 'keys'),
      out: join(folder, 'network.sealed'),
      passphrase: 'for this test only',
      force: false,
    }
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('seals nothing that keeps too little of the labels it has not seen, and says what would', async () => {
    const refused = protect({ ...request, minKept: 1 }, silent)
    await expect(refused).rejects.toMatchObject({ code: 'keeps-too-little', hint: expect.stringContaining('advise') })
    expect(existsSync(request.out)).toBe(false)
    expect(existsSync(request.keys)).toBe(false)
  })

  it('advises no more exact activations to who asked for all of them', () => {
    const kept = { samples: 40, keptLabels: 0.8, keptLow: 0.65, relativeError: 0.1, judgedBy: 'labels' } as const
    const hintFor = (split: string): string | undefined => {
      try {
        checkKept(kept, { minKept: 0.95, split: parseSplit(split) }, silent)
      } catch (error) {
        return (error as UserError).hint
      }
      return undefined
    }
    expect(hintFor('exact')).toMatch(/^At least 95 % are asked for\. More is kept with --activation 4 or auto; /)
    expect(hintFor('auto')).toContain('--split exact')
  })

  it('keeps everything where every activation is exact', async () => {
    const exact = { ...request, minKept: 1, split: parseSplit('exact') }
    const { kept, cuts, edgeSeconds } = await protect(exact, silent)
    expect(kept).toMatchObject({ samples: 20, keptLabels: 1, judgedBy: 'labels' })
    expect(kept!.relativeError).toBeLessThan(1e-6)
    expect(cuts.map(({ kind }) => kind)).toEqual(['exact', 'exact'])
    const { segments } = await plan(exact, silent)
    expect(edgeSeconds).toBeCloseTo(
      segments.reduce((total, part) => total + part.edgeSecondsOnTwoThreads, 0),
      9,
    )
  })

  it('comes out within the forecast, and is updated within its parameters, whatever the new fit is', async () => {
    const { deployment, bundle, bundleBytes, keyBytes, budget } = await protect({ ...request, force: true }, silent)
    const { calibration: _, ...network } = request
    const forecast = present((await plan(network, silent)).forecast)
    for (const [range, written] of [
      [forecast.bundleBytes, bundleBytes],
      [forecast.keyBytes, keyBytes],
    ] as const) {
      // prettier-ignore
      expect(written).toBeGreaterThan(range.least)
      expect(written).toBeLessThan(range.most)
      expect(range.most).toBeLessThan(3 * range.least)
    }
    const store = new KeyStore(request.keys)
    const { flooding, outputs, batch } = await store.read(deployment)
    const again = { ...request, maxSamples: 60, update: deployment.slice(0, 8), out: join(folder, 'again.pack') }
    const updated = await update(again, silent)
    expect(updated).toMatchObject({ deployment, update: 1, keyBytes: 0 })
    expect(updated.bundleBytes).toBeLessThan(bundleBytes - keyBytes + 20_000)
    expect(updated.budget.bitsAllowed).toBeLessThanOrEqual(budget.bitsAllowed)
    expect(await store.read(deployment)).toMatchObject({ outputs, batch, flooding: { releases: flooding.releases } })

    const joined = join(folder, 'again.sealed')
    await edgeUpdate({ bundle, pack: again.out, out: joined, force: false }, silent)
    const [result, input] = [join(folder, 'result'), join(folder, 'calibration.npy')]
    await edgeRun({ bundle: joined, input, index: 3, out: result, force: true }, silent)
    const answered = await decrypt({ result, keys: request.keys, passphrase: request.passphrase }, silent)
    expect(answered.label).toBe(mnist('train', 1, 3).labels[0])
  })

  it('of max-pools comes out within the forecast too, and as it was planned from a fit', async () => {
    const nodes = [
      ...[node('Conv', 'x w b', 'c'), node('Relu', 'c', 'r')],
      node('MaxPool', 'r', 'p', { kernel_shape: [2, 2], strides: [2, 2] }),
      ...[node('Flatten', 'p', 'f'), node('Gemm', 'f u v', 'y')],
    ]
    const weights = { w: tensor(4, 1, 3, 3), b: tensor(4), u: tensor(100, 3), v: tensor(3) }
    const pooled = { ...request, model: join(folder, 'pooled.onnx'), calibration: join(folder, 'pooled.npy') }
    await writeFile(pooled.model, model(['N', 1, 12, 12], nodes, weights))
    await writeFile(pooled.calibration, npyFile([60, 1, 12, 12], randomSample(60 * 144, 1)))
    const { calibration: _, ...network } = pooled
    for (const splitPools of [false, true]) {
      const { forecast, basis } = await plan({ ...network, splitPools }, silent)
      const fitted = await plan({ ...pooled, splitPools }, silent)
      expect([basis, fitted.basis]).toEqual(['network', 'fit'])
      const planned = fitted.segments.reduce((sum, segment) => sum + segment.bundleBytes, 0)
      expect(planned).toBeGreaterThan(present(forecast).bundleBytes.least)
      expect(planned).toBeLessThan(present(forecast).bundleBytes.most)
      if (splitPools) continue
      const { bundleBytes } = await protect({ ...pooled, minKept: 0, force: true }, silent)
      expect(Math.abs(bundleBytes / planned - 1)).toBeLessThan(0.1)
    }
  })

  it('does not update with a network that takes other parameters', async () => {
    const deployments = await new KeyStore(request.keys).list()
    const [{ id }] = deployments
    // Of the files that were sealed here, without their ending.
    expect(deployments.map(({ model: { name } }) => name)).toContain(basename(request.model, '.onnx'))
    const deeper = { ...request, degree: 4 as const, update: id, out: join(folder, 'wrong.pack') }
    await expect(update(deeper, silent)).rejects.toMatchObject({ code: 'update-does-not-fit' })
    const split = { ...request, split: parseSplit('exact'), update: id, out: join(folder, 'wrong.pack') }
    await expect(update(split, silent)).rejects.toMatchObject({ code: 'update-does-not-fit' })
    await expect(update({ ...split, passphrase: 'another one' }, silent)).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    expect(existsSync(join(folder, 'wrong.pack'))).toBe(false)
  })

  it('refuses a recipient or a signing key that cannot be used before anything is read', async () => {
    const nowhere = { ...request, calibration: join(folder, 'no such file.npy'), passphrase: undefined }
    await expect(protect({ ...nowhere, recipients: ['age1nobody'] }, silent)).rejects.toMatchObject({
      code: 'bad-recipient',
    })
    const signingKey = join(folder, 'key.pem')
    await writeFile(signingKey, 'no key')
    await expect(protect({ ...request, calibration: nowhere.calibration, signingKey }, silent)).rejects.toMatchObject({
      code: 'bad-signing-key',
    })
  })
})

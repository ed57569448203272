import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import about from '../../package.json' with { type: 'json' }
import { accuracyCardOf, decodeAccuracyCard } from '../../src-main/core/bundle/accuracy-card.ts'
import { checkBill, encodeBill, segmentParameters } from '../../src-main/core/bundle/bill-of-materials.ts'
import { MANIFEST_ENTRY } from '../../src-main/core/bundle/manifest.ts'
import { MAX_LOG_QP } from '../../src-main/core/plan/security.ts'
import { verifyBundle } from '../../src-main/edge/inspect.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { SEAL_VERSION } from '../../src-main/seal/version.ts'
import { rewriteBundle } from '../edge/rewrite-bundle.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { tinyNetwork } from './tiny-plan.ts'

const kept = {
  samples: 37,
  keptLabels: 36 / 37,
  keptLow: 0.86189,
  relativeError: 0.0123456,
  judgedBy: 'labels',
} as const
const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const json = (bytes: Uint8Array | undefined) => JSON.parse(utf8(bytes ?? new Uint8Array()))
const damaged = (reason: string) =>
  expect.objectContaining({ code: 'damaged-bundle', message: expect.stringContaining(reason) })

describe('what a bundle states of itself', () => {
  let folder: string
  let path: string
  const entries = new Map<string, Uint8Array>()
  const model = { name: 'telltale', sha256: 'ab'.repeat(32), finish: 'none' } as const

  beforeAll(async () => {
    folder = await temporaryFolder()
    path = join(folder, 'tiny.sealed')
    await exportTiny(folder, { kept, model, audit: { rate: 1 } })
    await rewriteBundle(path, join(folder, 'copy.sealed'), (all) =>
      all.forEach((bytes, name) => entries.set(name, bytes)),
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('is shown by verify: parameters beside their bound, policy, accuracy, versions', async () => {
    const { parameters, logQPTable, reveal, audit, accuracy, madeWith } = await verifyBundle(path, {})
    expect(parameters).toEqual([{ segment: 0, polyModulusDegree: 8192, logQP: 190, logQPBound: 214 }])
    expect(MAX_LOG_QP.get(8192)).toBe(214)
    expect(logQPTable).toContain('2024/463')
    expect({ reveal, audit }).toEqual({ reveal: { mode: 'label' }, audit: { rate: 1 } })
    expect(accuracy).toEqual({
      version: 1,
      kept: { samples: 37, keptLabels: 0.9729, keptLow: 0.8618, relativeError: 0.0123, judgedBy: 'labels' },
    })
    expect(madeWith).toEqual([
      { name: 'node-seal', version: about.dependencies['node-seal'] },
      { name: 'Microsoft SEAL', version: '4.1.2' },
    ])
  })

  it('is signed like everything else', async () => {
    const changed = join(folder, 'changed.sealed')
    await rewriteBundle(path, changed, (all) => all.set('accuracy.json', Buffer.from('{"version":1}')))
    await expect(Bundle.open(changed)).rejects.toThrow(damaged('accuracy.json'))
  })

  it('tells nothing of the network: neither its name nor its hash, size or accuracy', () => {
    const bill = utf8(entries.get('bom.json')!)
    const said = utf8(entries.get('accuracy.json')!) + utf8(entries.get('receipt.schema.json')!)
    for (const text of [bill, said]) {
      expect(text).not.toContain(model.name)
      expect(text).not.toContain(model.sha256)
    }
    // Another network under the same parameters has the same bill, but for the deployment.
    const { deploymentId, created, version } = json(entries.get(MANIFEST_ENTRY))
    const again = encodeBill({
      ...{ deploymentId, created, formatVersion: version, signatureCurve: 'P-256' },
      versions: { sealwright: about.version, nodeSeal: about.dependencies['node-seal'], seal: SEAL_VERSION },
      segments: [{ segment: 0, polyModulusDegree: 8192, logQP: 190, logQPBound: 214 }],
    })
    expect(utf8(again)).toBe(bill)
  })

  it('names the SEAL that node-seal brings', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../node_modules/node-seal/README.md'), 'utf8')
    expect(readme).toContain(`Microsoft SEAL ${SEAL_VERSION}`)
  })

  it('has a schema that takes receipts and nothing else', () => {
    const schema = z.fromJSONSchema(json(entries.get('receipt.schema.json')))
    const hash = 'c'.repeat(64)
    const receipt = {
      ...{ version: 1, job: '0'.repeat(32), bundleSha256: hash, segment: 0, planSha256: hash },
      ...{ evaluator: 'kernels-1', inputs: [hash], outputs: [hash] },
    }
    expect(schema.safeParse(receipt).success).toBe(true)
    for (const change of [{ version: 2 }, { job: 'x' }, { outputs: [] }, { evaluator: 'other' }, { more: 1 }]) {
      expect(schema.safeParse({ ...receipt, ...change }).success, JSON.stringify(change)).toBe(false)
    }
  })

  it('is absent in older bundles, which open all the same', async () => {
    const old = join(folder, 'old.sealed')
    await rewriteBundle(path, old, (all) => {
      const { documents, ...manifest } = json(all.get(MANIFEST_ENTRY))
      const names: string[] = Object.values(documents)
      for (const name of names) all.delete(name)
      const left = manifest.entries.filter(({ name }: { name: string }) => !names.includes(name))
      all.set(MANIFEST_ENTRY, Buffer.from(JSON.stringify({ ...manifest, version: '3.0', entries: left })))
    })
    const verified = await verifyBundle(old, { allowUnsigned: true })
    expect(verified.parameters).toHaveLength(1)
    expect(verified).not.toHaveProperty('accuracy')
    expect(verified).not.toHaveProperty('madeWith')
  })

  it.each([
    ['a bill with other parameters', 'bom.json', '"8192"', '"4096"', 'states other parameters for segment 1'],
    ['a bill that is none', 'bom.json', 'CycloneDX', 'SPDX', 'bill of materials is not valid'],
    ['a card with a share above one', 'accuracy.json', '0.9729', '1.9729', 'accuracy card is not valid'],
  ])('is refused by verify where it is %s', async (_, name, from, to, reason) => {
    const wrong = join(folder, 'wrong.sealed')
    await rewriteBundle(path, wrong, (all) => {
      const bytes = Buffer.from(utf8(all.get(name)!).replaceAll(from, to))
      const manifest = json(all.get(MANIFEST_ENTRY))
      const record = manifest.entries.find((entry: { name: string }) => entry.name === name)
      Object.assign(record, { bytes: bytes.length, sha256: sha256(bytes) })
      all.set(name, bytes)
      all.set(MANIFEST_ENTRY, Buffer.from(JSON.stringify(manifest)))
    })
    await expect(verifyBundle(wrong, { allowUnsigned: true })).rejects.toThrow(damaged(reason))
  })
})

describe('an accuracy card', () => {
  const card = (changes: Partial<Parameters<typeof accuracyCardOf>[0]>) => accuracyCardOf({ ...kept, ...changes }).kept

  it('never rounds up to all', () => {
    expect(card({ keptLabels: 0.99999 })?.keptLabels).toBe(0.9999)
    expect(card({ keptLabels: 1 })?.keptLabels).toBe(1)
    expect(card({ keptLabels: 0.29 })?.keptLabels).toBe(0.29)
  })

  it('says nothing of an error that is not finite, and nothing where nothing was measured', () => {
    expect(card({ relativeError: Infinity })).not.toHaveProperty('relativeError')
    expect(accuracyCardOf()).toEqual({ version: 1 })
    expect(decodeAccuracyCard(Buffer.from('{"version":1}'))).toEqual({ version: 1 })
  })
})

describe('a bill of materials', () => {
  it('claims 128 bits only within the bound', () => {
    const parameters = segmentParameters(3, tinyNetwork().plan.parameters)
    const levelOf = (logQP: number): unknown => {
      const bytes = encodeBill({
        ...{ deploymentId: '0'.repeat(32), created: '2026-01-01T00:00:00.000Z', formatVersion: '4.0' },
        ...{ versions: { sealwright: '0', nodeSeal: '0', seal: '0' }, signatureCurve: 'P-384' },
        segments: [{ ...parameters, logQP }],
      })
      expect(checkBill(bytes, [{ ...parameters, logQP }])).toHaveLength(2)
      return json(bytes).components[0].cryptoProperties.algorithmProperties.classicalSecurityLevel
    }
    expect(levelOf(214)).toBe(128)
    expect(levelOf(214.01)).toBeUndefined()
  })
})

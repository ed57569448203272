import { describe, expect, it } from 'vitest'
import { decodeManifest, encodeManifest, type Manifest } from '../../src-main/core/bundle/manifest.ts'
import { decodeWeightIndex, encodeWeightIndex } from '../../src-main/core/bundle/weight-index.ts'

const entry = (name: string) => ({ name, bytes: 10, sha256: 'ab'.repeat(32) })
const manifest: Manifest = {
  format: 'sealwright-bundle',
  version: '1.0',
  producer: 'test',
  deploymentId: 'c'.repeat(32),
  created: '2026-01-01T00:00:00.000Z',
  model: { name: 'tiny' },
  preprocessing: { scale: 1, mean: [0], std: [1], layout: 'nchw' },
  reveal: { mode: 'label' },
  segments: [
    {
      index: 0,
      plan: 'segments/0/plan.json',
      weights: { blob: 'segments/0/weights.bin', index: 'segments/0/weights.index' },
      publicKey: 'segments/0/public.key',
      evaluationKeys: [],
    },
  ],
  cuts: [],
  entries: ['plan.json', 'weights.bin', 'weights.index', 'public.key'].map((name) => entry(`segments/0/${name}`)),
}
type Loose = ReturnType<typeof JSON.parse>
const decodeChanged = (change: (manifest: Loose) => void): Manifest => {
  const changed = structuredClone(manifest)
  change(changed)
  return decodeManifest(new TextEncoder().encode(JSON.stringify(changed)))
}
const refused = (code: string, reason: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(reason) })

describe('a manifest', () => {
  it('comes back as it was', () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest)
  })

  it.each(['1.0', '2.0', '3.0', '4.0'])('of version %s is read', (version) => {
    expect(decodeManifest(encodeManifest({ ...manifest, version })).version).toBe(version)
  })

  it('of another major version is refused with the version', () => {
    expect(() => decodeChanged((m) => (m.version = '5.0'))).toThrow(refused('unsupported-bundle-version', '5.0'))
    expect(() => decodeChanged((m) => (m.format = 'other'))).toThrow(refused('damaged-bundle', 'not that of a bundle'))
  })

  it('has no place for a secret key', () => {
    const secret = 'segments/0/secret.key'
    expect(() => decodeChanged((m) => m.entries.push(entry(secret)))).toThrow(refused('damaged-bundle', 'nothing uses'))
    expect(() => decodeChanged((m) => (m.segments[0].secretKey = secret))).toThrow(
      refused('damaged-bundle', 'secretKey'),
    )
  })

  it('of one node says where its segment is in the network', () => {
    const node = decodeChanged((m) => {
      m.cuts = ['hand-off', 'exact', 'refresh']
      m.segments[0].index = 2
    })
    expect(node.segments[0].index).toBe(2)
  })

  it.each<[string, (manifest: Loose) => void]>([
    ['out of order', (m) => (m.segments[0].index = 1)],
    ['out of order', (m) => (m.cuts = ['refresh']) && m.segments.push(m.segments[0])],
    ['not valid', (m) => (m.cuts = ['bootstrap'])],
    ['lists an entry twice', (m) => m.entries.push(m.entries[0])],
    ['does not list', (m) => m.entries.pop()],
    ['not valid', (m) => (m.entries[0].name = '../plan.json')],
    ['not valid', (m) => (m.entries[0].bytes = -1)],
    ['not valid', (m) => (m.entries[0].bytes = 2 ** 50)],
    ['not valid', (m) => (m.entries[0].sha256 = 'AB'.repeat(32))],
    ['not valid', (m) => (m.deploymentId = '../../keys')],
    ['not valid', (m) => (m.preprocessing.std = [])],
    ['not valid', (m) => (m.reveal = { mode: 'everything' })],
    ['not valid', (m) => (m.segments = [])],
    ['not valid', (m) => (m.documents = { bom: 'bom.json' })],
    ['does not list bom.json', (m) => (m.documents = { bom: 'bom.json', accuracy: 'a.json', receiptSchema: 'r.json' })],
  ])('that %s is refused', (reason, change) => {
    expect(() => decodeChanged(change)).toThrow(refused('damaged-bundle', reason))
  })

  it('that is too large or no JSON is refused', () => {
    expect(() => decodeManifest(new Uint8Array(2 ** 23))).toThrow(refused('damaged-bundle', 'larger than'))
    expect(() => decodeManifest(Uint8Array.of(0xff))).toThrow(refused('damaged-bundle', 'not JSON'))
  })
})

describe('the index of weights', () => {
  const records = [1, 2].map((bytes) => ({ bytes, sha256: new Uint8Array(32).fill(bytes) }))

  it('comes back as it was', () => {
    expect(decodeWeightIndex(encodeWeightIndex(records), 2, 3)).toEqual(records)
  })

  it('is refused where it does not fit plan and blob', () => {
    const index = encodeWeightIndex(records)
    expect(() => decodeWeightIndex(index, 3, 3)).toThrow(refused('damaged-bundle', 'its plan'))
    expect(() => decodeWeightIndex(index, 2, 4)).toThrow(refused('damaged-bundle', 'its weights'))
    const large = encodeWeightIndex([{ bytes: 2 ** 31, sha256: new Uint8Array(32) }])
    expect(() => decodeWeightIndex(large, 1, 2 ** 31)).toThrow(refused('damaged-bundle', 'too large'))
  })
})

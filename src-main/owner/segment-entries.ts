import { createHash } from 'node:crypto'
import { heldKeysOf, type HeldKeys, type ManifestEntry, type ManifestSegment } from '../core/bundle/manifest.ts'
import { reuseKeys } from '../core/bundle/reuse-keys.ts'
import { encodePlan } from '../core/bundle/plan-json.ts'
import { encodeWeightIndex, type WeightRecord } from '../core/bundle/weight-index.ts'
import { weightEntries, type PlannedNetwork } from '../core/plan/plan.ts'
import type { EntrySource } from '../files/write-bundle-zip.ts'
import type { OwnerKey } from '../seal/secret.ts'
import { chooseKeys, type KeyGroup } from '../core/plan/choose-keys.ts'
import { present } from '../core/must.ts'

/** A segment as the manifest names it, and where its bytes come from, made when the writer asks for them. */
export interface SegmentEntries {
  readonly manifest: ManifestSegment
  readonly sources: readonly EntrySource[]
  /** Keys that the manifest lists and the bundle before an update holds. */
  readonly held: readonly ManifestEntry[]
  /** How often `step` is called. */
  readonly steps: number
}

/**
 * `openKey` is asked when a source is read. `step` is called for each ciphertext and key; it may throw to stop. For an
 * update, keys that are held are listed and not made again.
 */
export function segmentEntries(
  segment: number,
  { plan, weightVectors, expandedVectors }: PlannedNetwork,
  openKey: () => Promise<OwnerKey>,
  step: (detail: string) => void,
  update?: { readonly number: number; readonly held: HeldKeys },
): SegmentEntries {
  const at = (name: string): string => `segments/${segment}/${name}`
  const sources: EntrySource[] = []
  const entry = (name: string, content: () => AsyncIterable<Uint8Array>): string => {
    sources.push({ name: at(name), content })
    return at(name)
  }
  const entries = weightEntries(plan)
  const records: WeightRecord[] = []
  const held = update?.held.segments.find(({ index }) => index === segment)
  const { kept, lacking: groups } = held
    ? reuseKeys(plan, held.evaluationKeys)
    : { kept: [], lacking: chooseKeys(plan) }
  const manifest: ManifestSegment = {
    index: segment,
    plan: entry('plan.json', async function* () {
      yield encodePlan(plan)
    }),
    publicKey:
      held?.publicKey ??
      entry('public.key', async function* () {
        step('public key')
        yield (await openKey()).publicKey()
      }),
    evaluationKeys: [...kept, ...groups.map((group, index) => keyEntry(group, index))],
    weights: {
      blob: entry('weights.bin', async function* () {
        const key = await openKey()
        for (const { source, scale, primes } of entries) {
          step('weights')
          const bytes =
            'weight' in source
              ? key.encryptSeeded(weightVectors(source.weight), scale, primes)
              : key.encryptPacked(present(expandedVectors)(source.expansion), scale, primes)
          records.push({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest() })
          yield bytes
        }
      }),
      index: entry('weights.index', async function* () {
        yield encodeWeightIndex(records)
      }),
    },
  }
  const reused = heldKeysOf([manifest], update?.held.entries ?? []).entries
  return { manifest, sources, held: reused, steps: (held ? 0 : 1) + groups.length + entries.length }

  function keyEntry({ primes, relinearisation, steps }: KeyGroup, index: number) {
    const number = update ? `${update.number}-${index}` : `${index}`
    const name = entry(`${relinearisation ? 'relinearisation' : 'rotation'}-${number}.key`, async function* () {
      step(relinearisation ? 'relinearisation key' : 'rotation keys')
      const keys = (await openKey()).evaluationKeys(primes, relinearisation, steps)
      yield present(keys.relinearisation ?? keys.galois?.bytes)
    })
    return relinearisation
      ? { primes, relinearisation: name }
      : { primes, rotation: { entry: name, steps: [...steps] } }
  }
}

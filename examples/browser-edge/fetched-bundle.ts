import {
  decodeManifest,
  MANIFEST_ENTRY,
  type Manifest,
  type ManifestSegment,
} from '../../src-main/core/bundle/manifest.ts'
import { decodePlan } from '../../src-main/core/bundle/plan-json.ts'
import { decodeWeightIndex } from '../../src-main/core/bundle/weight-index.ts'
import type { EvaluationKeyBytes } from '../../src-main/core/bundle/material.ts'
import { damagedBundle } from '../../src-main/core/plan/damaged-bundle.ts'
import { weightEntries, type Plan, type WeightIndex } from '../../src-main/core/plan/plan.ts'
import type { RunnableBundle } from '../../src-main/edge/segment-runner.ts'
import type { StoredWeights } from '../../src-main/files/open-bundle.ts'
import { sha256 } from './without-node/sha256.ts'

/** An unpacked bundle behind an address. Every file is compared with the manifest when it is fetched; the signature is not checked. */
export class FetchedBundle implements RunnableBundle {
  readonly manifest: Manifest
  readonly path: string
  readonly sha256: string
  readonly #folder: URL

  private constructor(folder: URL, manifest: Manifest, digest: string) {
    this.#folder = folder
    this.path = folder.href
    this.manifest = manifest
    this.sha256 = digest
  }

  static async fetch(folder: URL): Promise<FetchedBundle> {
    const bytes = await fetched(new URL(MANIFEST_ENTRY, folder))
    return new FetchedBundle(folder, decodeManifest(bytes), sha256(bytes))
  }

  segment(index: number): ManifestSegment {
    const found = this.manifest.segments.find((segment) => segment.index === index)
    if (!found) throw damagedBundle(`it does not hold segment ${index + 1}`)
    return found
  }

  cutAfter(index: number) {
    return this.manifest.cuts[index]
  }

  planSha256(index: number): string {
    return this.#hashOf(this.segment(index).plan)
  }

  async plan(segment: ManifestSegment): Promise<Plan> {
    return decodePlan(await this.entry(segment.plan))
  }

  async entry(name: string): Promise<Uint8Array> {
    const bytes = await fetched(new URL(name, this.#folder))
    if (sha256(bytes) !== this.#hashOf(name)) throw damagedBundle(`${name} has been changed`)
    return bytes
  }

  async *evaluationKeys(segment: ManifestSegment): AsyncGenerator<EvaluationKeyBytes> {
    for (const { primes, relinearisation, rotation } of segment.evaluationKeys) {
      if (relinearisation !== undefined) yield { primes, relinearisation: await this.entry(relinearisation) }
      if (rotation) yield { primes, galois: { steps: rotation.steps, bytes: await this.entry(rotation.entry) } }
    }
  }

  /** The blob is fetched whole: its hash covers every weight. */
  async weights(segment: ManifestSegment, plan: Plan): Promise<StoredWeights> {
    const blob = await this.entry(segment.weights.blob)
    const entries = weightEntries(plan)
    const records = decodeWeightIndex(await this.entry(segment.weights.index), entries.length, blob.length)
    let end = 0
    const ends = records.map(({ bytes }) => (end += bytes))
    const read = (source: (typeof entries)[number]['source']): Uint8Array => {
      const at = entries.findIndex((entry) => JSON.stringify(entry.source) === JSON.stringify(source))
      return blob.subarray(ends[at] - records[at].bytes, ends[at])
    }
    return {
      largestBytes: records.reduce((most, { bytes }) => Math.max(most, bytes), 0),
      entries,
      load: (weight: WeightIndex) => read({ weight }),
      loadExpansion: (expansion: number) => read({ expansion }),
      readInto: () => {
        throw new Error('A page keeps all weights.')
      },
    }
  }

  #hashOf(name: string): string {
    const entry = this.manifest.entries.find((listed) => listed.name === name)
    if (!entry) throw damagedBundle(`it does not list ${name}`)
    return entry.sha256
  }
}

async function fetched(url: URL): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw damagedBundle(`${url.pathname} cannot be fetched (${response.status})`)
  return new Uint8Array(await response.arrayBuffer())
}

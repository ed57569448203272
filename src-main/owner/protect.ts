import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import {
  encodeManifest,
  FORMAT,
  FORMAT_VERSION,
  MANIFEST_ENTRY,
  SIGNATURE_ENTRY,
  SIGNER_ENTRY,
  type ManifestEntry,
  type RevealPolicy,
} from '../core/bundle/manifest.ts'
import { fillBatch } from '../core/bundle/packing.ts'
import { decodePlan, encodePlan } from '../core/bundle/plan-json.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { sizeOf } from '../core/normalise/layer-model.ts'
import { UserError } from '../core/errors.ts'
import type { Plan, PlannedNetwork } from '../core/plan/plan.ts'
import { logQPOf } from '../core/plan/security.ts'
import type { CutKind } from '../core/segment/cut.ts'
import { stepCounter, type WorkContext } from '../core/progress.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { fingerprintOf } from '../files/signature.ts'
import { writeBundleZip, type EntrySource } from '../files/write-bundle-zip.ts'
import { loadSeal, SealContext } from '../seal/public.ts'
import { OwnerKey } from '../seal/secret.ts'
import type { Lock } from './age.ts'
import type { DeploymentModel } from './deployment.ts'
import type { Flooding } from './flood.ts'
import { KeyStore, type DeploymentDraft } from './key-store.ts'
import { measureNoise, randomInput } from './measure-noise.ts'
import { Signer } from './sign.ts'
import { segmentEntries, type SegmentEntries } from './segment-entries.ts'

export interface ProtectRequest {
  readonly segments: readonly PlannedNetwork[]
  /** What happens after each segment but the last; refreshes unless given. */
  readonly cuts?: readonly { readonly kind: CutKind }[]
  readonly model: DeploymentModel
  readonly preprocessing: Preprocessing
  readonly reveal: RevealPolicy
  /** A typical preprocessed input, on which the decryption error is measured; random unless given. */
  readonly sample?: Float64Array
  /** PEM of the owner's own signing key, EC P-256 or P-384; a fresh one for this deployment unless given. */
  readonly signingKey?: string
  readonly keysFolder: string
  readonly lock: Lock
  readonly out: string
  readonly force?: boolean
}

export interface ProtectResult {
  readonly deploymentId: string
  /** SHA-256 of the manifest, which covers every entry: the bundle's identity. */
  readonly bundleSha256: string
  readonly bundleBytes: number
  /** SHA-256 of the public signing key's PEM form. */
  readonly signer: string
  readonly weightBytes: number
  /** Public, relinearisation and rotation keys in the bundle. */
  readonly keyBytes: number
  /** Of the first segment. */
  readonly polyModulusDegree: number
  readonly logQP: number
  readonly seconds: number
}

const kindsOf = ({ segments, cuts }: ProtectRequest): CutKind[] =>
  cuts?.map(({ kind }) => kind) ?? new Array<CutKind>(segments.length - 1).fill('refresh')

const producer = 'sealwright 0.1.0'

/**
 * Encrypts a planned network under fresh keys and exports it. The deployment's secrets are in the key store
 * before the bundle gets its name; a failure or a cancellation leaves neither.
 * @throws UserError output-exists, not-writable, disk-full; CancelledError
 */
export async function protect(request: ProtectRequest, work: WorkContext): Promise<ProtectResult> {
  const startedMs = performance.now()
  const id = randomBytes(16).toString('hex')
  const created = new Date().toISOString()
  const out = resolve(request.out)
  const owned: { delete(): void }[] = []
  const signer = request.signingKey === undefined ? Signer.generate() : Signer.load(request.signingKey)
  let draft: DeploymentDraft | undefined
  let entries: ManifestEntry[] = []
  let bundle = { sha256: '', path: out, bytes: 0, created }
  try {
    await writeAtomically(out, { force: request.force, beforeRename: commit }, async (file) => {
      draft = await new KeyStore(request.keysFolder).draft(id)
      const segments = await prepareSegments(request, draft, owned, work)
      await draft.writeSecret('signing-key', new TextEncoder().encode(signer.privatePem), request.lock)
      await draft.write(SIGNER_ENTRY, signer.publicPem)
      const sources = [
        ...segments.flatMap((segment) => segment.sources),
        manifestEntry(segments),
        entryOf(SIGNER_ENTRY, () => new TextEncoder().encode(signer.publicPem)),
        entryOf(SIGNATURE_ENTRY, (written) => signer.sign(written)),
      ]
      entries = await writeBundleZip(file, sources)
      bundle = {
        ...bundle,
        sha256: entries.find(({ name }) => name === MANIFEST_ENTRY)!.sha256,
        bytes: (await file.stat()).size,
      }
    })
  } catch (error) {
    await draft?.discard()
    throw error
  } finally {
    for (const part of owned.reverse()) part.delete()
  }
  const bytesOf = (suffix: string): number =>
    entries.filter(({ name }) => name.endsWith(suffix)).reduce((sum, { bytes }) => sum + bytes, 0)
  const { parameters } = request.segments[0].plan
  return {
    deploymentId: id,
    bundleSha256: bundle.sha256,
    bundleBytes: bundle.bytes,
    signer: fingerprintOf(signer.publicKey),
    weightBytes: bytesOf('weights.bin'),
    keyBytes: bytesOf('.key'),
    polyModulusDegree: parameters.polyModulusDegree,
    logQP: logQPOf(parameters),
    seconds: (performance.now() - startedMs) / 1000,
  }

  async function commit(): Promise<void> {
    const { model, reveal, segments } = request
    await draft!.commit({
      version: 1,
      id,
      created,
      model,
      reveal,
      flooding: floodingFor(request),
      weights: countWeights(segments),
      outputs: sizeOf(segments.at(-1)!.plan.output.shape),
      batch: segments.at(-1)!.plan.batch,
      segments: segments.length,
      bundles: [bundle],
    })
  }

  function manifestEntry(segments: readonly SegmentEntries[]): EntrySource {
    const { scale, mean, std, layout } = request.preprocessing
    return entryOf(MANIFEST_ENTRY, (written) =>
      encodeManifest({
        format: FORMAT,
        version: FORMAT_VERSION,
        producer,
        deploymentId: id,
        created,
        model: { name: request.model.name.slice(0, 200) },
        preprocessing: { scale, mean: [...mean], std: [...std], layout },
        reveal: request.reveal,
        segments: segments.map(({ manifest }) => manifest),
        cuts: kindsOf(request),
        entries: [...written],
      }),
    )
  }
}

function entryOf(name: string, content: (written: readonly ManifestEntry[]) => Uint8Array): EntrySource {
  return {
    name,
    async *content(written) {
      yield content(written)
    },
  }
}

/** Beyond this many weights the quota is as good as none. */
const maxCountedWeights = 2 ** 22

/** Distinct numbers among all weight vectors: a vector repeats each weight over many positions. */
function countWeights(segments: readonly PlannedNetwork[]): number {
  const distinct = new Set<number>()
  for (const { plan, weightVectors } of segments) {
    for (const index of plan.weights.keys()) {
      for (const value of weightVectors(index)) distinct.add(value)
      if (distinct.size > maxCountedWeights) return distinct.size
    }
  }
  return distinct.size
}

/** The simulation is within a factor of two of what SEAL does. */
const noiseMargin = 2

/** Sized for the last segment, whose outputs are what a decryption tells. */
function floodingFor({ segments, sample }: ProtectRequest): Flooding {
  const last = segments.at(-1)!
  const input = segments.length === 1 && sample ? fillBatch(last.plan, sample) : randomInput(last)
  const { noise, spread } = measureNoise(last, input)
  return { noise: noiseMargin * noise, spread, releases: 1000, statisticalBits: 30 }
}

/** Throws UserError 'plan-not-exportable' where a reader of the bundle would refuse the plan. */
function encodeReadablePlan(plan: Plan): Uint8Array {
  const bytes = encodePlan(plan)
  try {
    decodePlan(bytes)
  } catch (cause) {
    throw new UserError('plan-not-exportable', `No edge could run this network: ${(cause as Error).message}`, { cause })
  }
  return bytes
}

/** Makes each segment's keys and keeps its secret; contexts and keys go to `owned`. */
async function prepareSegments(
  { segments, lock }: ProtectRequest,
  draft: DeploymentDraft,
  owned: { delete(): void }[],
  work: WorkContext,
): Promise<SegmentEntries[]> {
  let count = (_detail: string): void => {}
  const prepared: SegmentEntries[] = []
  const plans = segments.map(({ plan }) => encodeReadablePlan(plan))
  for (const [index, network] of segments.entries()) {
    const context = new SealContext(await loadSeal(), network.plan.parameters)
    owned.push(context)
    const key = OwnerKey.generate(context)
    owned.push(key)
    const secret = key.save()
    await draft.writeSecret(`secret-${index}`, secret, lock).finally(() => secret.fill(0))
    await draft.write(`plan-${index}.json`, plans[index])
    prepared.push(segmentEntries(index, network, key, (detail) => count(detail)))
  }
  const total = prepared.reduce((sum, { steps }) => sum + steps, 0)
  count = stepCounter(work, 'encrypt', total)
  return prepared
}

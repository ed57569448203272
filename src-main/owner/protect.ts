import { randomBytes } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  encodeManifest,
  FORMAT,
  FORMAT_VERSION,
  MANIFEST_ENTRY,
  SIGNATURE_ENTRY,
  SIGNER_ENTRY,
  type ManifestDocuments,
  type ManifestEntry,
  type RevealPolicy,
} from '../core/bundle/manifest.ts'
import type { AuditPolicy } from '../core/bundle/audit-policy.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { sizeOf } from '../core/network/layer-model.ts'
import type { Plan, PlannedNetwork } from '../core/plan/plan.ts'
import { logQPOf } from '../core/plan/security.ts'
import { plainStep } from '../core/segment/owner-step.ts'
import type { PlannedCut } from '../core/segment/plan-segments.ts'
import type { WorkContext } from '../core/progress.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { writeFolder } from '../files/write-folder.ts'
import { fingerprintOf } from '../files/signature.ts'
import { entryOf, writeBundleZip, type EntrySource } from '../files/write-bundle-zip.ts'
import { lastOf, present } from '../core/must.ts'
import type { Lock } from './age.ts'
import { checkAuditRate } from './budget/budget.ts'
import { floodingFor } from './choose-flooding.ts'
import type { DeploymentModel } from './deployment.ts'
import { documentEntries, PRODUCER, type DocumentFacts } from './documents.ts'
import type { Flooding } from './flood.ts'
import { KeyStore, type DeploymentDraft } from './key-store.ts'
import { prepareSegments, type PreparedSegments } from './prepare-segments.ts'
import type { SegmentEntries } from './segment-entries.ts'
import { Signer } from './sign.ts'

export interface ProtectRequest {
  readonly segments: readonly PlannedNetwork[]
  /** What happens after each segment but the last; plain refreshes unless given. */
  readonly cuts?: readonly PlannedCut[]
  readonly model: DeploymentModel
  readonly preprocessing: Preprocessing
  readonly reveal: RevealPolicy
  /** Jobs that are computed again before they are answered; none unless given. */
  readonly audit?: AuditPolicy
  /** A typical preprocessed input, on which the decryption error is measured; random unless given. */
  readonly sample?: Float64Array
  /** What the approximated network keeps of the original, for the accuracy card. */
  readonly kept?: DocumentFacts['kept']
  /** How scores are flooded; judged by the sample unless given. */
  readonly flooding?: Flooding
  /** PEM of the owner's own signing key, EC P-256 or P-384; a fresh one for this deployment unless given. */
  readonly signingKey?: string
  readonly keysFolder: string
  readonly lock: Lock
  /** The bundle, or with `perNode` a folder with one bundle for each segment. */
  readonly out: string
  readonly perNode?: boolean
  readonly force?: boolean
}

export interface ExportedBundle {
  readonly path: string
  /** SHA-256 of the manifest, which covers every entry: the bundle's identity. */
  readonly sha256: string
  readonly bytes: number
  /** Segments that it holds, from 0. */
  readonly segments: readonly number[]
}

export interface ProtectResult {
  readonly deploymentId: string
  readonly bundles: readonly ExportedBundle[]
  /** Of the first bundle. */
  readonly bundleSha256: string
  /** Of all bundles. */
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

/**
 * Encrypts a planned network under fresh keys and exports it. The deployment's secrets are in the key store
 * before the bundles get their names; a failure or a cancellation leaves neither.
 * @throws UserError audit-rate-too-small, output-exists, not-writable, disk-full; CancelledError
 */
export async function protect(request: ProtectRequest, work: WorkContext): Promise<ProtectResult> {
  const startedMs = performance.now()
  const id = randomBytes(16).toString('hex')
  const created = new Date().toISOString()
  const out = resolve(request.out)
  const cuts = request.cuts ?? request.segments.slice(0, -1).map(({ plan }) => plainRefresh(plan))
  const kept = keptNumbers(request, cuts)
  if (request.audit) checkAuditRate(request.audit.rate, { reveal: request.reveal, ...kept })
  const signer = request.signingKey === undefined ? Signer.generate() : Signer.load(request.signingKey)
  const bundles: ExportedBundle[] = []
  const entries: ManifestEntry[] = []
  let draft: DeploymentDraft | undefined
  let prepared: PreparedSegments | undefined
  try {
    const options = { force: request.force, beforeRename: commit }
    if (request.perNode) {
      await writeFolder(out, options, async (folder) => {
        const { segments } = await prepare()
        for (const [index, segment] of segments.entries()) await writeNode(folder, index, segment)
      })
    } else {
      await writeAtomically(out, options, async (file) => await write(file, out, (await prepare()).segments))
    }
  } catch (error) {
    await draft?.discard()
    throw error
  } finally {
    prepared?.delete()
  }
  const bytesOf = (suffix: string): number =>
    entries.filter(({ name }) => name.endsWith(suffix)).reduce((sum, { bytes }) => sum + bytes, 0)
  const { parameters } = request.segments[0].plan
  return {
    deploymentId: id,
    bundles,
    bundleSha256: bundles[0].sha256,
    bundleBytes: bundles.reduce((sum, { bytes }) => sum + bytes, 0),
    signer: fingerprintOf(signer.publicKey),
    weightBytes: bytesOf('weights.bin'),
    keyBytes: bytesOf('.key'),
    polyModulusDegree: parameters.polyModulusDegree,
    logQP: logQPOf(parameters),
    seconds: (performance.now() - startedMs) / 1000,
  }

  async function prepare(): Promise<PreparedSegments> {
    draft = await new KeyStore(request.keysFolder).draft(id)
    prepared = await prepareSegments({ ...request, cuts }, draft, work)
    await draft.writeSecret('signing-key', new TextEncoder().encode(signer.privatePem), request.lock)
    await draft.write(SIGNER_ENTRY, signer.publicPem)
    return prepared
  }

  async function writeNode(folder: string, index: number, segment: SegmentEntries): Promise<void> {
    const name = nodeBundleName(index, request.segments.length)
    const file = await open(join(folder, name), 'wx+')
    try {
      await write(file, join(out, name), [segment])
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async function write(file: FileHandle, path: string, segments: readonly SegmentEntries[]): Promise<void> {
    const { documents, sources } = documentEntries({
      ...{ deploymentId: id, created, signatureCurve: signer.curve, kept: request.kept },
      plans: segments.map(({ manifest: { index } }) => ({ index, plan: request.segments[index].plan })),
    })
    const written = await writeBundleZip(file, [
      ...segments.flatMap((segment) => segment.sources),
      ...sources,
      manifestEntry(segments, documents),
      entryOf(SIGNER_ENTRY, () => new TextEncoder().encode(signer.publicPem)),
      entryOf(SIGNATURE_ENTRY, (before) => signer.sign(before)),
    ])
    entries.push(...written)
    bundles.push({
      path,
      sha256: present(written.find(({ name }) => name === MANIFEST_ENTRY)).sha256,
      bytes: (await file.stat()).size,
      segments: segments.map(({ manifest }) => manifest.index),
    })
  }

  async function commit(): Promise<void> {
    const { model, reveal, segments } = request
    await present(draft).commit({
      version: 1,
      id,
      created,
      model,
      reveal,
      ...(request.audit && { audit: request.audit }),
      ...kept,
      segments: segments.length,
      cuts: cuts.map(({ kind }) => kind),
      bundles: bundles.map((bundle) => ({ ...bundle, segments: [...bundle.segments], created })),
    })
  }

  function manifestEntry(segments: readonly SegmentEntries[], documents: ManifestDocuments): EntrySource {
    const { scale, mean, std, layout, resize, crop } = request.preprocessing
    const framing = { ...(resize && { resize: [...resize] }), ...(crop && { crop: [...crop] }) }
    return entryOf(MANIFEST_ENTRY, (written) =>
      encodeManifest({
        format: FORMAT,
        version: FORMAT_VERSION,
        producer: PRODUCER,
        deploymentId: id,
        created,
        model: { name: request.model.name.slice(0, 200) },
        preprocessing: { scale, mean: [...mean], std: [...std], layout, ...framing },
        reveal: request.reveal,
        ...(request.audit && { audit: request.audit }),
        segments: segments.map(({ manifest }) => manifest),
        cuts: cuts.map(({ kind }) => kind),
        documents,
        entries: [...written],
      }),
    )
  }
}

/** What budgets and noise are computed from. */
function keptNumbers({ segments, flooding, sample }: ProtectRequest, cuts: readonly PlannedCut[]) {
  const { plan } = lastOf(segments)
  return {
    flooding: flooding ?? floodingFor({ segments, cuts }, sample),
    weights: countWeights(segments),
    smallestDegree: Math.min(...segments.map((segment) => segment.plan.parameters.polyModulusDegree)),
    outputs: sizeOf(plan.output.shape),
    batch: plan.batch,
  }
}

/** Beyond this many weights the key alone bounds the budget. */
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

const plainRefresh = ({ output }: Plan): PlannedCut => ({ kind: 'refresh', after: '', step: plainStep(output.shape) })

/** Names that sort as the segments do. */
const nodeBundleName = (index: number, count: number): string =>
  `segment-${String(index + 1).padStart(String(count).length, '0')}.sealed`

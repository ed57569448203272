import { randomBytes } from 'node:crypto'
import { heldKeysOf, SIGNER_ENTRY, type RevealPolicy } from '../core/bundle/manifest.ts'
import type { AuditPolicy } from '../core/bundle/audit-policy.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { sizeOf } from '../core/network/layer-model.ts'
import type { Plan, PlannedNetwork } from '../core/plan/plan.ts'
import { logQPOf } from '../core/plan/security.ts'
import { plainStep } from '../core/segment/owner-step.ts'
import type { PlannedCut } from '../core/segment/plan-segments.ts'
import type { WorkContext } from '../core/progress.ts'
import { fingerprintOf } from '../files/signature.ts'
import { lastOf, present } from '../core/must.ts'
import { OwnerKey } from '../seal/secret.ts'
import type { Lock } from './age.ts'
import { checkAuditRate } from './budget/budget.ts'
import { floodingFor } from './choose-flooding.ts'
import { finishingOf } from './tail-record.ts'
import { secretName, type DeploymentModel } from './deployment.ts'
import type { DocumentFacts } from './documents.ts'
import { exportBundles, type ExportedBundle, type ExportedBundles } from './export-bundles.ts'
import type { Flooding } from './flood.ts'
import { KeyStore, type DeploymentDraft } from './key-store.ts'
import { prepareSegments, type PreparedSegments } from './prepare-segments.ts'
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
  const { segments, model, reveal, audit } = request
  const id = randomBytes(16).toString('hex')
  const created = new Date().toISOString()
  const cuts = request.cuts ?? plainCuts(segments)
  const kinds = cuts.map(({ kind }) => kind)
  const kept = keptNumbers(
    segments,
    request.flooding ?? floodingFor({ segments, cuts }, finishingOf(model), request.sample),
  )
  if (audit) checkAuditRate(audit.rate, { reveal, ...kept })
  const signer = request.signingKey === undefined ? Signer.generate() : Signer.load(request.signingKey)
  let draft: DeploymentDraft | undefined
  let prepared: PreparedSegments | undefined
  const title = {
    ...{ deploymentId: id, created, modelName: model.name, cuts: kinds },
    ...{ preprocessing: request.preprocessing, reveal, audit },
    ...{ plans: segments.map(({ plan }) => plan), kept: request.kept },
  }
  let exported: ExportedBundles
  try {
    exported = await exportBundles(title, request, { prepare, commit })
  } catch (error) {
    await draft?.discard()
    throw error
  } finally {
    prepared?.delete()
  }
  return {
    deploymentId: id,
    ...summaryOf(exported, present(segments[0]), signer),
    seconds: (performance.now() - startedMs) / 1000,
  }

  async function prepare() {
    const own = await new KeyStore(request.keysFolder).draft(id)
    draft = own
    prepared = await prepareSegments({ segments, cuts, lock: request.lock }, own, work, {
      obtainKey: async (segment, context) => {
        const key = OwnerKey.generate(context)
        const secret = key.save()
        await own.writeSecret(secretName(segment), secret, request.lock).finally(() => secret.fill(0))
        return key
      },
    })
    await own.writeSecret('signing-key', new TextEncoder().encode(signer.privatePem), request.lock)
    await own.write(SIGNER_ENTRY, signer.publicPem)
    return { segments: prepared.segments, signer }
  }

  async function commit({ bundles, entries }: ExportedBundles): Promise<void> {
    await present(draft).commit({
      version: 1,
      id,
      created,
      model,
      reveal,
      ...(audit && { audit }),
      ...kept,
      segments: segments.length,
      cuts: kinds,
      bundles: bundles.map((bundle) => ({ ...bundle, segments: [...bundle.segments], created })),
      keys: heldKeysOf(
        present(prepared).segments.map(({ manifest }) => manifest),
        entries,
      ),
    })
  }
}

/** What is told of an export. */
export function summaryOf(
  { bundles, entries }: ExportedBundles,
  { plan }: PlannedNetwork,
  signer: Signer,
): Omit<ProtectResult, 'deploymentId' | 'seconds'> {
  const bytesOf = (suffix: string): number =>
    entries.filter(({ name }) => name.endsWith(suffix)).reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    bundles,
    bundleSha256: present(bundles[0]).sha256,
    bundleBytes: bundles.reduce((sum, { bytes }) => sum + bytes, 0),
    signer: fingerprintOf(signer.publicKey),
    weightBytes: bytesOf('weights.bin'),
    keyBytes: bytesOf('.key'),
    polyModulusDegree: plan.parameters.polyModulusDegree,
    logQP: logQPOf(plan.parameters),
  }
}

/** What budgets and noise are computed from. */
export function keptNumbers(segments: readonly PlannedNetwork[], flooding: Flooding) {
  const { plan } = lastOf(segments)
  return {
    flooding,
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

/** A refresh after each segment but the last. */
export const plainCuts = (segments: readonly PlannedNetwork[]): PlannedCut[] =>
  segments.slice(0, -1).map(({ plan }) => plainRefresh(plan))

const plainRefresh = ({ output }: Plan): PlannedCut => ({ kind: 'refresh', after: '', step: plainStep(output.shape) })

import { rm, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { decodePlan, encodePlan } from '../core/bundle/plan-json.ts'
import { heldKeysOf, type HeldKeys } from '../core/bundle/manifest.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { present } from '../core/must.ts'
import type { Plan, PlannedNetwork } from '../core/plan/plan.ts'
import { doesNotFit } from '../core/planner/given-parameters.ts'
import type { WorkContext } from '../core/progress.ts'
import type { PlannedCut } from '../core/segment/plan-segments.ts'
import { withLock } from '../files/lock-file.ts'
import { writeProblem } from '../files/write-atomically.ts'
import { OwnerKey } from '../seal/secret.ts'
import type { SealContext } from '../seal/public.ts'
import { lockSecret, type Lock } from './age.ts'
import { floodingFor } from './choose-flooding.ts'
import { refuseRevoked, secretName, type Deployment, type DeploymentModel } from './deployment.ts'
import type { DocumentFacts } from './documents.ts'
import { exportBundles, type ExportedBundles } from './export-bundles.ts'
import type { Flooding } from './flood.ts'
import type { KeyStore } from './key-store.ts'
import { prepareSegments, type OwnerFiles, type PreparedSegments } from './prepare-segments.ts'
import { keptNumbers, plainCuts, summaryOf, type ProtectResult } from './protect.ts'
import { Signer } from './sign.ts'
import { storedPlan } from './stored-plan.ts'
import { finishingOf } from './tail-record.ts'
import type { UnlockedKeyStore } from './unlocked-key-store.ts'

export interface UpdateRequest {
  /** Planned within the deployment's parameters. */
  readonly segments: readonly PlannedNetwork[]
  readonly cuts?: readonly PlannedCut[]
  readonly deploymentId: string
  readonly model: DeploymentModel
  readonly preprocessing: Preprocessing
  readonly sample?: Float64Array
  readonly kept?: DocumentFacts['kept']
  readonly flooding?: Flooding
  readonly keys: UnlockedKeyStore
  /** The pack, or with `perNode` a folder with one for each segment. */
  readonly out: string
  readonly perNode?: boolean
  readonly force?: boolean
}

export interface UpdateResult extends ProtectResult {
  /** From 1. */
  readonly update: number
}

/**
 * Encrypts a planned network under the keys of a deployment and writes an update pack: a signed bundle without the keys that
 * the deployment's bundles hold. Policy, audits and budget stay. From then on, only results of the new weights are opened.
 * @throws UserError update-does-not-fit, deployment-revoked, unknown-deployment, wrong-passphrase, in-use, output-exists,
 *   not-writable, disk-full; CancelledError
 */
export async function updateDeployment(request: UpdateRequest, work: WorkContext): Promise<UpdateResult> {
  const { store } = request.keys
  await store.read(request.deploymentId)
  return await withLock(store.path(request.deploymentId, 'update'), 0, () => writeUpdate(request, work))
}

async function writeUpdate(request: UpdateRequest, work: WorkContext): Promise<UpdateResult> {
  const startedMs = performance.now()
  const { keys, segments, model } = request
  const { store } = keys
  const deployment = await store.read(request.deploymentId)
  const { id, reveal, audit } = deployment
  const cuts = request.cuts ?? plainCuts(segments)
  const held = await checkFit(store, deployment, { segments, cuts, perNode: request.perNode === true })
  const planned = { segments, cuts }
  const { releases } = deployment.flooding
  const flooding = request.flooding ?? floodingFor(planned, finishingOf(model), request.sample, releases)
  const number = (deployment.update ?? 0) + 1
  const created = new Date().toISOString()
  const title = {
    ...{ deploymentId: id, update: number, created, modelName: model.name, cuts: cuts.map(({ kind }) => kind) },
    ...{ preprocessing: request.preprocessing, reveal, audit },
    ...{ plans: segments.map(({ plan }) => plan), kept: request.kept },
  }
  const signer = Signer.load(await keys.readSecret(id, 'signing-key'))
  const files = new AddedFiles(store, id)
  let prepared: PreparedSegments | undefined
  let exported: ExportedBundles
  try {
    exported = await exportBundles(title, request, { prepare, commit })
  } catch (error) {
    await takeBack()
    throw error
  } finally {
    prepared?.delete()
  }
  const seconds = (performance.now() - startedMs) / 1000
  return { deploymentId: id, update: number, ...summaryOf(exported, present(segments[0]), signer), seconds }

  async function prepare() {
    const lock = await keys.lockOf(id)
    prepared = await prepareSegments({ segments, cuts, lock }, files, work, {
      obtainKey: (segment, context) => loadKey(keys, id, segment, context),
      update: { number, held },
    })
    return { segments: prepared.segments, signer }
  }

  /** Of what failed after the record was written, too. */
  async function takeBack(): Promise<void> {
    const { update, revoked } = await store.read(id)
    if (update === number) await store.update({ ...deployment, ...(revoked !== undefined && { revoked }) })
    await files.discard()
  }

  async function commit({ bundles, entries }: ExportedBundles): Promise<void> {
    const manifests = present(prepared).segments.map(({ manifest }) => manifest)
    const numbers = keptNumbers(segments, flooding)
    await store.update({
      ...(await store.read(id)),
      model,
      ...numbers,
      // An update gives nothing back of what answers may tell.
      weights: Math.min(deployment.weights, numbers.weights),
      update: number,
      bundles: [
        ...deployment.bundles,
        ...bundles.map((bundle) => ({ ...bundle, segments: [...bundle.segments], created, update: number })),
      ],
      keys: heldKeysOf(manifests, [...held.entries, ...entries]),
    })
  }
}

async function loadKey(keys: UnlockedKeyStore, id: string, segment: number, context: SealContext): Promise<OwnerKey> {
  const secret = await keys.readSecret(id, secretName(segment))
  try {
    return OwnerKey.load(context, secret)
  } finally {
    secret.fill(0)
  }
}

/** The keys that the deployment's edges hold. @throws UserError update-does-not-fit, deployment-revoked */
export function heldKeysIn(deployment: Deployment): HeldKeys {
  refuseRevoked(deployment)
  if (deployment.keys) return deployment.keys
  throw doesNotFit(
    `The deployment ${deployment.id} was exported by a version that did not record which keys its edges hold.`,
  )
}

/** The keys that the deployment's edges hold. Throws what `heldKeysIn` does, and UserError 'update-does-not-fit'. */
async function checkFit(
  store: KeyStore,
  deployment: Deployment,
  { segments, cuts, perNode }: Required<Pick<UpdateRequest, 'segments' | 'cuts' | 'perNode'>>,
): Promise<HeldKeys> {
  const keys = heldKeysIn(deployment)
  const kinds = (deployment.cuts ?? segments.slice(1).map(() => 'refresh')).join(', ')
  const own = cuts.map(({ kind }) => kind).join(', ')
  if (segments.length !== deployment.segments || own !== kinds) {
    const described = (count: number, between: string): string =>
      count === 1 ? 'one segment' : `${count} segments (${between})`
    throw doesNotFit(
      `It has ${described(segments.length, own)}, and the deployment ${described(deployment.segments, kinds)}.`,
    )
  }
  const wasPerNode = segments.length > 1 && deployment.bundles.every((bundle) => bundle.segments?.length === 1)
  if (wasPerNode && !perNode)
    throw doesNotFit('Each of its nodes has its own bundle, and needs its own pack: add --per-node.')
  const numbers = keptNumbers(segments, deployment.flooding)
  if (numbers.outputs !== deployment.outputs || numbers.batch !== deployment.batch) {
    throw doesNotFit(
      `It has ${numbers.outputs} outputs for a batch of ${numbers.batch}, and the deployment ${deployment.outputs} for ${deployment.batch}.`,
    )
  }
  for (const [segment, { plan }] of segments.entries()) {
    const before = await storedPlan(store, deployment, segment)
    if (isUnderOtherKeys(plan, before)) {
      throw doesNotFit(`Segment ${segment + 1} is planned for other encryption parameters than the deployment's.`)
    }
  }
  return keys
}

const isUnderOtherKeys = (plan: Plan, before: Plan): boolean =>
  !isDeepStrictEqual(decodePlan(encodePlan(plan)).parameters, before.parameters) ||
  plan.input.mode !== before.input.mode

/** Files added to a deployment's folder; the record names them once it is written. */
class AddedFiles implements OwnerFiles {
  readonly #store: KeyStore
  readonly #id: string
  readonly #paths: string[] = []

  constructor(store: KeyStore, id: string) {
    this.#store = store
    this.#id = id
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    const path = this.#store.path(this.#id, name)
    this.#paths.push(path)
    await writeFile(path, content, { mode: 0o600, flush: true }).catch((error: unknown) => {
      throw writeProblem(error, path)
    })
  }

  async writeSecret(name: string, secret: Uint8Array, lock: Lock): Promise<void> {
    await this.write(`${name}.age`, await lockSecret(secret, lock))
  }

  async discard(): Promise<void> {
    for (const path of this.#paths) await rm(path, { force: true })
  }
}

import { join } from 'node:path'
import { SIGNER_ENTRY, type RevealPolicy } from '../core/bundle/manifest.ts'
import { UserError } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import { kernelCosts } from '../core/plan/cost-model.ts'
import { estimateMs } from '../core/plan/schedule.ts'
import type { Cut } from '../core/segment/cut.ts'
import { readText } from '../files/read-file.ts'
import { checkOutput } from '../files/write-atomically.ts'
import { refuseExistingFolder } from '../files/write-folder.ts'
import { keepsEnough, keptText, type Kept } from '../core/validate/kept.ts'
import { checkedPassphrase, checkLock, type Lock } from '../owner/age.ts'
import { reportBudget, type BudgetReport } from '../owner/budget/budget.ts'
import { KeyStore } from '../owner/key-store.ts'
import { protect as exportBundle, type ProtectResult as Exported } from '../owner/protect.ts'
import { Signer } from '../owner/sign.ts'
import { refuseLabels } from '../owner/reveal.ts'
import { recordOf } from '../owner/tail-record.ts'
import type { DroppedClamp, LayerModel } from '../core/network/layer-model.ts'
import { areQuantities } from '../core/network/quantities.ts'
import type { CheckedOriginal } from './calibration-data.ts'
import { networkName, openNetworkFile } from './open-network.ts'
import { compileOpened, type CompiledNetwork, type CompileRequest } from './compile.ts'
import { Stopwatch, type StageTime } from '../core/stopwatch.ts'

export interface ProtectRequest extends CompileRequest {
  /** Key store; made where it does not exist. */
  readonly keys: string
  /** For the secrets, unless recipients are given. */
  readonly passphrase?: string
  /** age recipients (`age1…` or `age1pq1…`, not both), any of whom can open the secrets. */
  readonly recipients?: readonly string[]
  /** Where the bundle goes. */
  readonly out: string
  /** One bundle for each segment, in a folder `out`. */
  readonly perNode?: boolean
  readonly force: boolean
  /** What the bundle and the deployment are called; the model file's name without its ending unless told. */
  readonly name?: string
  /** Only the label where it is left open. */
  readonly reveal?: RevealPolicy
  /** Probability that a job is computed again before it is answered; no job is where it is left open. */
  readonly auditRate?: number
  /** PEM file of an EC private key on P-256 or P-384; a fresh one where it is left open. */
  readonly signingKey?: string
  /** Refuses to seal a network that keeps a smaller share of the labels on samples held out of the fit. */
  readonly minKept?: number
}

export interface ProtectResult {
  readonly bundle: string
  /** Each bundle that was written, and which segments (from 0) it holds. */
  readonly bundles: readonly { readonly path: string; readonly bytes: number; readonly segments: readonly number[] }[]
  /** What happens after each segment but the last. */
  readonly cuts: readonly Cut[]
  readonly deployment: string
  /** Where the public signing key is, by which nodes know the owner's bundles. */
  readonly publicKey: string
  readonly bundleBytes: number
  /** Public, relinearisation and rotation keys, which are part of the bundle. */
  readonly keyBytes: number
  /** Of one input on two threads, all segments together, as planned. */
  readonly edgeSeconds: number
  readonly polyModulusDegree: number
  readonly logQP: number
  /** What its answers may give away. */
  readonly budget: BudgetReport
  readonly original: CheckedOriginal
  /** Clamps of a quantised network that change nothing on the calibration samples and are left out. */
  readonly droppedClamps: readonly DroppedClamp[]
  /** What the approximated network keeps of the original; absent where there were too few samples to hold any out. */
  readonly kept?: Kept
  /** In the order of the outputs, where they are known: answers carry them. */
  readonly classNames?: readonly string[]
  readonly seconds: number
  readonly stages: readonly StageTime[]
}

/**
 * Encrypts a network's weights under a fresh key and exports the bundle. Nothing is left behind on failure.
 * @throws UserError what the stages say, quantities-have-no-labels, keeps-too-little, output-exists, not-writable, disk-full; CancelledError
 */
export async function protect(request: ProtectRequest, work: WorkContext): Promise<ProtectResult> {
  await checkLockAndKey(request)
  if (request.perNode) await refuseExistingFolder(request.out, request.force)
  else await checkOutput(request.out, request)
  const watch = new Stopwatch(work)
  const opened = await watch.time('normalise', () => openNetworkFile(request))
  const reveal = revealOf(request, opened.model)
  const releases = reveal.mode === 'scores' ? (request.releases ?? USUAL_RELEASES) : undefined
  const compiled = await compileOpened({ ...request, releases }, opened, work, watch, ({ kept }) =>
    checkKept(kept, request, work),
  )
  return await exportCompiled({ ...request, reveal }, compiled, work, watch)
}

/** A recipient or a signing key that cannot be used is refused before the long work, not after it. */
async function checkLockAndKey({ recipients, passphrase, signingKey }: ProtectRequest): Promise<void> {
  lockOf(recipients, passphrase)
  if (signingKey !== undefined) Signer.load(await readText(signingKey))
}

/** The label unless the owner says otherwise; of several quantities all of them. @throws UserError quantities-have-no-labels */
function revealOf({ reveal }: ProtectRequest, model: LayerModel): RevealPolicy {
  if (!areQuantities(model)) return reveal ?? { mode: 'label' }
  const chosen = reveal ?? { mode: 'scores' }
  refuseLabels(true, chosen)
  return chosen
}

type AskedFor = Pick<ProtectRequest, 'minKept' | 'split'>

/** Says so where too few samples were held out. @throws UserError keeps-too-little where what is to be sealed keeps less than `minKept` of the original */
export function checkKept(kept: Kept | undefined, { minKept: least, split }: AskedFor, work: WorkContext): void {
  if (kept === undefined) {
    const message =
      'There are too few calibration samples to measure how much the approximated network keeps; give at least five, or ten of a network that gives quantities.'
    work.progress({ kind: 'warning', stage: 'validate', message })
    return
  }
  if (least === undefined || keepsEnough(kept, least)) return
  const limit =
    kept.judgedBy === 'labels' ? `At least ${100 * least}` : `Within ${Number((100 * (1 - least)).toPrecision(3))}`
  // An activation of the input itself, and a product, stay polynomials.
  const exactly =
    split?.by === 'activations' ? '' : ', or with --split exact, where the owner applies every activation that it can'
  throw new UserError('keeps-too-little', `The approximated network keeps ${keptText(kept)}.`, {
    hint: `${limit} % are asked for. More is kept with --activation 4 or auto${exactly}; sealwright advise compares them. --min-kept sets another limit.`,
  })
}

type ExportRequest = Pick<
  ProtectRequest,
  | 'model'
  | 'keys'
  | 'out'
  | 'perNode'
  | 'force'
  | 'name'
  | 'reveal'
  | 'auditRate'
  | 'signingKey'
  | 'passphrase'
  | 'recipients'
>

/** Releases of all scores of one deployment, where nobody says how many: ten classes leave precision for few. */
export const USUAL_RELEASES = 5

/** The second half of `protect`, for jobs that need the compiled network as well. */
export async function exportCompiled(
  { model, keys, out, perNode, force, name, reveal, auditRate, signingKey, passphrase, recipients }: ExportRequest,
  compiled: CompiledNetwork,
  work: WorkContext,
  watch: Stopwatch,
): Promise<ProtectResult> {
  const lock = lockOf(recipients, passphrase)
  const exported = await watch.time('encrypt', async () =>
    exportBundle(
      {
        ...sealedPart(compiled, name, model),
        reveal: reveal ?? { mode: 'label' },
        ...(auditRate !== undefined && { audit: { rate: auditRate } }),
        ...(signingKey !== undefined && { signingKey: await readText(signingKey) }),
        keysFolder: keys,
        lock,
        out,
        perNode,
        force,
      },
      work,
    ),
  )
  return await resultOf({ out, keys }, compiled, exported, watch)
}

/** What is sealed of a compiled network, and what the owner keeps of it. */
export const sealedPart = (compiled: CompiledNetwork, name: string | undefined, model: string) => ({
  segments: compiled.segments,
  cuts: compiled.cuts,
  model: {
    name: name ?? networkName(model),
    sha256: compiled.sha256,
    finish: compiled.model.finish,
    ...(compiled.model.tail && { tail: recordOf(compiled.model.tail) }),
    ...(areQuantities(compiled.model) && { quantities: true as const }),
    ...(compiled.classNames && { labels: [...compiled.classNames] }),
  },
  preprocessing: compiled.preprocessing,
  sample: compiled.typical,
  kept: compiled.kept,
  flooding: compiled.flooding,
})

/** What the command line and the window say of an export or an update. */
export async function resultOf(
  { out, keys }: Pick<ExportRequest, 'out' | 'keys'>,
  compiled: CompiledNetwork,
  exported: Exported,
  watch: Stopwatch,
): Promise<ProtectResult> {
  const { deploymentId, bundleBytes, keyBytes, polyModulusDegree, logQP } = exported
  const sizes = { bundleBytes, keyBytes, polyModulusDegree, logQP: Math.round(logQP * 100) / 100 }
  const publicKey = join(keys, deploymentId, SIGNER_ENTRY)
  const bundles = exported.bundles.map(({ path, bytes, segments }) => ({ path, bytes, segments }))
  const edgeMs = compiled.segments.reduce((total, { plan }) => total + estimateMs(plan, kernelCosts, 2), 0)
  const cuts = compiled.cuts.map(({ after, kind }) => ({ after, kind }))
  const store = new KeyStore(keys)
  const budget = await reportBudget(store, await store.read(deploymentId), await store.ledger.read(deploymentId))
  return {
    bundle: out,
    bundles,
    cuts,
    deployment: deploymentId,
    publicKey,
    ...sizes,
    edgeSeconds: edgeMs / 1000,
    budget,
    original: compiled.original,
    droppedClamps: compiled.droppedClamps,
    ...(compiled.kept && { kept: compiled.kept }),
    ...(compiled.classNames && { classNames: compiled.classNames }),
    seconds: watch.seconds,
    stages: watch.stages,
  }
}

/** @throws UserError passphrase-needed, weak-passphrase, bad-recipient */
function lockOf(recipients: readonly string[] = [], passphrase?: string): Lock {
  if (recipients.length > 0) {
    checkLock({ recipients })
    return { recipients }
  }
  if (passphrase !== undefined) return { passphrase: checkedPassphrase(passphrase) }
  throw new UserError('passphrase-needed', 'The secret keys need a passphrase or an age recipient.')
}

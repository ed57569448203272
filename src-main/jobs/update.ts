import { present } from '../core/must.ts'
import type { Plan } from '../core/plan/plan.ts'
import { givenBy } from '../core/planner/given-parameters.ts'
import type { WorkContext } from '../core/progress.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import { checkOutput } from '../files/write-atomically.ts'
import { refuseExistingFolder } from '../files/write-folder.ts'
import { firstUnderKeyOf, type Deployment } from '../owner/deployment.ts'
import type { KeyStore } from '../owner/key-store.ts'
import { storedPlan } from '../owner/stored-plan.ts'
import { UnlockedKeyStore } from '../owner/unlocked-key-store.ts'
import { heldKeysIn, updateDeployment } from '../owner/update.ts'
import { compile, type CompileRequest } from './compile.ts'
import { checkKept, resultOf, sealedPart, type ProtectResult } from './protect.ts'
import { unlockOf, type UnlockRequest } from './unlock.ts'

/** How inputs are fed and batched is the deployment's, and so are its policy, audits and signer. */
export interface UpdateRequest extends Omit<CompileRequest, 'input' | 'batch' | 'releases' | 'given'>, UnlockRequest {
  /** How the deployment's id begins. */
  readonly update: string
  readonly keys: string
  /** Where the pack goes, or with `perNode` a folder of packs. */
  readonly out: string
  readonly perNode?: boolean
  readonly force: boolean
  readonly name?: string
  readonly minKept?: number
}

export interface UpdateResult extends ProtectResult {
  /** Which update of the deployment it is, from 1. */
  readonly update: number
}

/**
 * Encrypts a network under the keys of a deployment and writes an update pack. Nothing is left behind on failure.
 * @throws UserError update-does-not-fit, unknown-deployment, deployment-revoked, wrong-passphrase, in-use, and what `protect` does
 */
export async function update(request: UpdateRequest, work: WorkContext): Promise<UpdateResult> {
  const keys = new UnlockedKeyStore(request.keys, await unlockOf(request))
  const { store } = keys
  const deployment = await store.find(request.update)
  await refuseEarly(keys, deployment, request)
  const plans = await plansOf(store, deployment)
  const stretches = Map.groupBy(plans.keys(), (segment) => firstUnderKeyOf(deployment, segment))
  const { mode } = present(plans[0]).input
  const watch = new Stopwatch(work)
  const compiled = await compile(
    {
      ...request,
      input: mode === 'plain' ? 'plain' : 'encrypted',
      batch: deployment.batch,
      given: [...stretches.values()].map((segments) => givenBy(segments.map((segment) => present(plans[segment])))),
      ...(deployment.reveal.mode === 'scores' && { releases: deployment.flooding.releases }),
    },
    work,
    watch,
    ({ kept }) => checkKept(kept, request, work),
  )
  const { out, perNode, force } = request
  const updated = await watch.time('encrypt', () =>
    updateDeployment(
      {
        ...sealedPart(compiled, request.name, request.model),
        ...{ deploymentId: deployment.id, keys, out, perNode, force },
      },
      work,
    ),
  )
  return { ...(await resultOf(request, compiled, updated, watch)), update: updated.update }
}

/** Before the long work. */
async function refuseEarly(keys: UnlockedKeyStore, deployment: Deployment, request: UpdateRequest): Promise<void> {
  heldKeysIn(deployment)
  const signingKey = await keys.readSecret(deployment.id, 'signing-key')
  signingKey.fill(0)
  if (request.perNode) await refuseExistingFolder(request.out, request.force)
  else await checkOutput(request.out, request)
}

const plansOf = (store: KeyStore, deployment: Deployment): Promise<Plan[]> =>
  Promise.all(Array.from({ length: deployment.segments }, (_, segment) => storedPlan(store, deployment, segment)))

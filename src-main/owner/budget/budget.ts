import type { RevealPolicy } from '../../core/bundle/manifest.ts'
import { UserError } from '../../core/errors.ts'
import type { Deployment } from '../deployment.ts'
import type { KeyStore } from '../key-store.ts'
import { storedPlan } from '../stored-plan.ts'
import { answersWithin, bitsBeforeCaught, bitsPerAnswer, lifetimeBits, smallestAuditRate } from './bits.ts'
import type { Account, Allowance, Price } from './ledger.ts'

/** A deployment's account as people and other programs are shown it. */
export interface BudgetReport {
  readonly bitsSpent: number
  readonly bitsAllowed: number
  /** Of one result, under the deployment's policy. */
  readonly bitsPerAnswer: number
  /** Results that may still be answered; null where audits take the place of a number, which they do not for scores. */
  readonly answersLeft: number | null
  /** With audits: their rate, what an edge gets on average before it is caught, and how many may still be caught. */
  readonly audit?: { readonly rate: number; readonly bitsBeforeCaught: number; readonly catchesLeft: number }
  readonly audits: { readonly done: number; readonly passed: number; readonly failed: number }
  readonly edgesBlocked: number
}

/** Bits that the deployment may give away in its lifetime. */
export async function allowedBits(store: KeyStore, deployment: Deployment): Promise<number> {
  return lifetimeBits(deployment.weights, deployment.smallestDegree ?? (await smallestDegree(store, deployment)))
}

/** The record of an older deployment does not name it. */
async function smallestDegree(store: KeyStore, deployment: Deployment): Promise<number> {
  let smallest = Infinity
  for (let segment = 0; segment < deployment.segments; segment++) {
    const { parameters } = await storedPlan(store, deployment, segment)
    smallest = Math.min(smallest, parameters.polyModulusDegree)
  }
  return smallest
}

/** What a result costs under a policy. */
export const priceOf = (policy: RevealPolicy, deployment: Deployment): Price => ({
  bits: bitsPerAnswer(policy, deployment),
  ...(policy.mode === 'scores' && { scores: deployment.batch }),
})

/** The noise of scores is sized for so many releases, whatever their bits. */
export const allowanceOf = (bits: number, { flooding }: Deployment): Allowance => ({ bits, scores: flooding.releases })

/** What a deployment has spent, in bits, and what is left: all that it may give away unless `bitsAllowed` says otherwise. */
export async function reportBudget(
  store: KeyStore,
  deployment: Deployment,
  account: Account,
  bitsAllowed?: number,
): Promise<BudgetReport> {
  const allowed = bitsAllowed ?? (await allowedBits(store, deployment))
  const { bits, scores } = priceOf(deployment.reveal, deployment)
  const { audit } = deployment
  const caught = audit && bitsBeforeCaught(bits, audit.rate)
  const byBits = answersWithin(allowed - account.spentBits, bits)
  const byScores =
    scores === undefined ? Infinity : answersWithin(deployment.flooding.releases - account.scores, scores)
  const { passed, failed } = account.audits
  return {
    bitsSpent: account.spentBits,
    bitsAllowed: allowed,
    bitsPerAnswer: bits,
    answersLeft: !audit ? Math.min(byBits, byScores) : scores === undefined ? null : byScores,
    ...(audit &&
      caught !== undefined && {
        audit: {
          rate: audit.rate,
          bitsBeforeCaught: caught,
          catchesLeft: caught === 0 ? Number.MAX_SAFE_INTEGER : answersWithin(allowed - account.spentBits, caught),
        },
      }),
    audits: { done: passed + failed, passed, failed },
    edgesBlocked: account.blocked.length,
  }
}

/** What the owner is told once nothing may be given away any more. */
export const budgetSpent = (id: string): UserError =>
  new UserError('budget-spent', `The deployment ${id} may give no further answers: its budget is spent.`, {
    hint: 'Export the network again. With --audit, only scores are counted (docs/security.md).',
  })

/** @throws UserError audit-rate-too-small where one caught edge would be more than the budget allows */
export function checkAuditRate(
  rate: number,
  deployment: Pick<Deployment, 'reveal' | 'outputs' | 'batch' | 'flooding' | 'weights'> & { smallestDegree: number },
): void {
  const { weights, smallestDegree: degree, reveal } = deployment
  const smallest = smallestAuditRate(bitsPerAnswer(reveal, deployment), lifetimeBits(weights, degree))
  if (rate >= smallest) return
  const needed = Math.ceil(smallest * 1000) / 1000
  throw new UserError(
    'audit-rate-too-small',
    `At an audit rate of ${rate} an edge gets too much before it is caught.`,
    {
      hint: `Audit at least ${needed} of the jobs, or reveal less.`,
    },
  )
}

/** Refusals that come before anything was decrypted, so that they tell nothing of it. */
const silentReasons = new Set([
  'unknown-deployment',
  'deployment-revoked',
  'result-of-another-bundle',
  'superseded-bundle',
  'not-the-last-segment',
  'nothing-to-refresh',
  'damaged-result',
  'damaged-data',
  'scores-too-noisy',
  'wrong-passphrase',
])

/** Whether a refusal may depend on what was decrypted. */
export const isTelling = (reason: string): boolean => !silentReasons.has(reason)

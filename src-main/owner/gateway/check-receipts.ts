import { areChained, isSame, type Receipt } from '../../core/bundle/receipt.ts'
import type { decodeResultHeader } from '../../core/bundle/result.ts'
import { firstUnderKeyOf, type Deployment } from '../deployment.ts'

type ResultHeader = ReturnType<typeof decodeResultHeader>

export interface ReceiptContext {
  readonly deployment: Deployment
  /** SHA-256 of each segment's plan. */
  readonly plans: readonly string[]
  /** Hashes of what the owner encrypted for a job's segment; undefined where it is not known to have. */
  readonly refreshed: (job: string, segment: number) => readonly string[] | undefined
}

/**
 * The receipts of a result, where they tell without a gap how its ciphertexts came about: one for each segment since the owner's
 * last refresh, or since an input that is committed to. Undefined where they do not.
 */
export function receiptsOf(header: ResultHeader, context: ReceiptContext): readonly Receipt[] | undefined {
  const { deployment, plans, refreshed } = context
  const { receipts = [], segment } = header
  const [receipt] = receipts
  const first = firstUnderKeyOf(deployment, segment)
  const outputs = header.ciphertexts.map(({ sha256 }) => sha256)
  if (!receipt || receipts.length !== segment - first + 1 || !areChained(receipts, outputs)) return undefined
  if (receipt.segment !== first || receipts.some(({ job }) => job !== header.job)) return undefined
  if (!receipts.every((each) => isOfDeployment(each, deployment, plans))) return undefined
  if (first === 0) return receipt.commitment === undefined ? undefined : receipts
  const given = refreshed(receipt.job, first)
  return given && isSame(given, receipt.inputs) ? receipts : undefined
}

const isOfDeployment = (receipt: Receipt, deployment: Deployment, plans: readonly string[]): boolean =>
  receipt.planSha256 === plans[receipt.segment] &&
  deployment.bundles.some(
    ({ sha256, segments, update }) =>
      sha256 === receipt.bundleSha256 && update === deployment.update && (segments?.includes(receipt.segment) ?? true),
  )

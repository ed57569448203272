import type { EvaluatorChoice } from '../core/plan/evaluator-kinds.ts'
import type { WorkContext } from '../core/progress.ts'
import type { describeBundle as describe, verifyBundle as verify } from '../edge/inspect.ts'
import { runEdge } from './edge-process.ts'

/** Whose bundles are accepted. */
export interface TrustRequest {
  /** PEM file of the owner's public signing key; without it any signer is, and the signature only shows that nothing changed. */
  readonly publicKey?: string
  /** A detached signature in place of the one inside. */
  readonly signature?: string
  readonly allowUnsigned?: boolean
}

export type VerifyResult = Awaited<ReturnType<typeof verify>>
export type DescribeResult = Awaited<ReturnType<typeof describe>>

/** Checks every byte and the signature. @throws UserError damaged-bundle, unsigned-bundle, wrong-signature, … */
export async function verifyBundle(request: TrustRequest & { readonly bundle: string }, work: WorkContext) {
  return await runEdge<VerifyResult>(['verify', request.bundle, ...trustArguments(request)], work)
}

export interface DescribeRequest extends TrustRequest {
  readonly bundle: string
  readonly threads?: number
  readonly evaluator?: EvaluatorChoice
}

/** What a bundle says of itself, and what this machine would run it with. @throws UserError as `verifyBundle` */
export async function describeBundle(request: DescribeRequest, work: WorkContext) {
  const { bundle, threads, evaluator } = request
  const runner = [
    ...(threads === undefined ? [] : [`--threads=${threads}`]),
    ...(evaluator === undefined ? [] : [`--evaluator=${evaluator}`]),
  ]
  return await runEdge<DescribeResult>(['info', bundle, ...runner, ...trustArguments(request)], work)
}

/** The same request as arguments of the edge's own command line. */
export function trustArguments({ publicKey, signature, allowUnsigned }: TrustRequest): string[] {
  return [
    ...(publicKey === undefined ? [] : [`--public-key=${publicKey}`]),
    ...(signature === undefined ? [] : [`--signature=${signature}`]),
    ...(allowUnsigned ? ['--allow-unsigned'] : []),
  ]
}

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

/** What a bundle says of itself. @throws UserError as `verifyBundle` */
export async function describeBundle(request: TrustRequest & { readonly bundle: string }, work: WorkContext) {
  return await runEdge<DescribeResult>(['info', request.bundle, ...trustArguments(request)], work)
}

export function trustArguments({ publicKey, signature, allowUnsigned }: TrustRequest): string[] {
  return [
    ...(publicKey === undefined ? [] : [`--public-key=${publicKey}`]),
    ...(signature === undefined ? [] : [`--signature=${signature}`]),
    ...(allowUnsigned ? ['--allow-unsigned'] : []),
  ]
}

import { basename } from 'node:path'
import { stat } from 'node:fs/promises'
import { UserError } from '../core/errors.ts'
import type { WorkContext } from '../core/progress.ts'
import { Stopwatch } from '../core/stopwatch.ts'
import type { BundleView, Exported } from '../ipc/results.ts'
import { describeBundle, verifyBundle, type VerifyResult } from '../jobs/edge-bundle.ts'
import { protect, type ProtectRequest } from '../jobs/protect.ts'
import { revealName } from './engine-keys.ts'

/** Afterwards each bundle is read back and checked in the process of an edge. */
export async function protectForWindow(request: ProtectRequest, work: WorkContext): Promise<Exported> {
  const watch = new Stopwatch(work)
  const { bundle, bundles, keyBytes, edgeSeconds, kept } = await protect(request, work)
  const described: BundleView[] = []
  for (const { path } of bundles) described.push(await describeForWindow({ bundle: path }, work))
  return {
    ...(request.perNode && { folderName: basename(bundle) }),
    bundles: described,
    ...(kept && { kept }),
    keyBytes,
    edgeSeconds,
    seconds: watch.seconds,
  }
}

/** What a bundle says of itself, after every byte of it was checked. @throws UserError damaged-bundle, … */
export async function describeForWindow(
  { bundle }: { readonly bundle: string },
  work: WorkContext,
): Promise<BundleView> {
  work.progress({ kind: 'stage', stage: 'verify' })
  const { bundleSha256, signer } = await verified(bundle, work)
  const trust = { bundle, allowUnsigned: signer === undefined }
  const { deploymentId, created, model, reveal, segments, entries } = await describeBundle(trust, work)
  return {
    fileName: basename(bundle),
    bytes: (await stat(bundle)).size,
    sha256: bundleSha256,
    deployment: deploymentId,
    created,
    model: model.name,
    reveal: revealName(reveal),
    ...(signer && { signer: signer.fingerprint }),
    segments: segments.map(({ index, polyModulusDegree, logQP, input, output, weights, layers }) => ({
      index,
      polyModulusDegree,
      logQP,
      inputMode: input.mode,
      inputShape: input.shape,
      outputShape: output.shape,
      weights,
      layers: layers.length,
    })),
    entries,
  }
}

/** Whoever signed it; one that nobody did may be looked at all the same. */
async function verified(bundle: string, work: WorkContext): Promise<VerifyResult> {
  try {
    return await verifyBundle({ bundle }, work)
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'unsigned-bundle') throw error
    return await verifyBundle({ bundle, allowUnsigned: true }, work)
  }
}

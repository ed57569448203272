import { present } from '../core/must.ts'
import { kernelKindsOf } from '../core/plan/evaluator-kinds.ts'
import type { Plan } from '../core/plan/plan.ts'
import { logQPOf } from '../core/plan/security.ts'
import { kernelSupport, type KernelSupport } from '../kernels/open-kernels.ts'
import type { RunnerOptions } from './load-runner.ts'
import { sealFallback } from './seal-fallback.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'
import { readStatements } from './documents.ts'

/** Verifies every byte, the signature, the plans and what the bundle states of itself. Throws what `Bundle.open` does. */
export async function verifyBundle(path: string, trust: Trust) {
  const bundle = await Bundle.openAny(path, trust)
  try {
    const { manifest, sha256, bytes, signer } = bundle
    const { deploymentId, reveal, audit } = manifest
    const statements = await readStatements(bundle, await plansOf(bundle))
    return {
      deploymentId,
      bundleSha256: sha256,
      bundleBytes: bytes,
      signer,
      ...updateOf(bundle),
      reveal,
      ...(audit && { audit }),
      ...statements,
    }
  } finally {
    await bundle.close()
  }
}

const plansOf = (bundle: Bundle): Promise<Plan[]> =>
  Promise.all(bundle.manifest.segments.map((segment) => bundle.plan(segment)))

/** What a bundle says of itself, all that the edge can see without a key, and what this machine would run it with. */
export async function describeBundle(path: string, trust: Trust, runner: RunnerOptions) {
  const bundle = await Bundle.openAny(path, trust)
  try {
    const { manifest } = bundle
    const { format, version, producer, deploymentId, created, model, preprocessing, reveal, audit, entries } = manifest
    const plans = await plansOf(bundle)
    const { cuts } = manifest
    const segments = plans.map((plan, i) => describeSegment(present(manifest.segments[i]).index, plan, runner))
    const { signer } = bundle
    return {
      format,
      version,
      producer,
      deploymentId,
      created,
      model,
      preprocessing,
      reveal,
      ...(audit && { audit }),
      signer,
      ...updateOf(bundle),
      segments,
      cuts,
      ...(await readStatements(bundle, plans)),
      entries,
    }
  } finally {
    await bundle.close()
  }
}

/** Which update it is, and which bytes of keys it leaves to the bundle before it. */
function updateOf({ manifest: { update }, missing }: Bundle) {
  const missingKeyBytes = missing.reduce((sum, { bytes }) => sum + bytes, 0)
  return { ...(update !== undefined && { update, ...(missing.length > 0 && { missingKeyBytes }) }) }
}

const describeSegment = (index: number, plan: Plan, runner: RunnerOptions) => {
  const { parameters, input, output, weights, instructions, layers } = plan
  return {
    index,
    polyModulusDegree: parameters.polyModulusDegree,
    logQP: logQPOf(parameters),
    input: { mode: input.mode, shape: input.shape, ciphertexts: input.sources.length },
    output: { shape: output.shape, ciphertexts: output.registers.length },
    weights: weights.length,
    instructions: instructions.length,
    layers: layers.map(({ id, kind }) => ({ id, kind })),
    evaluator: chosenFor(plan, runner),
  }
}

/** The evaluator that `loadRunner` takes, and why nothing faster; `none` in an edge without SEAL where the kernels cannot be used. */
function chosenFor(
  plan: Plan,
  { threads, evaluator }: RunnerOptions,
): Omit<KernelSupport, 'kind'> & { readonly kind: KernelSupport['kind'] | 'none' } {
  const kinds = kernelKindsOf(evaluator)
  const support: KernelSupport =
    kinds.length > 0 ? kernelSupport(plan, threads, kinds) : { kind: 'node-seal', reason: 'it was asked for' }
  return support.kind === 'node-seal' && !sealFallback ? { ...support, kind: 'none' } : support
}

import { parentPort, workerData } from 'node:worker_threads'
import { packInput } from '../core/bundle/packing.ts'
import { reportError, UserError, type ErrorReport } from '../core/errors.ts'
import type { Plan, Register, WeightIndex } from '../core/plan/plan.ts'
import {
  expandKeys,
  expandWeight,
  loadSeal,
  PublicEncryptor,
  saveCiphertext,
  savePlaintext,
  SealContext,
  type EvaluationKeyBytes,
} from '../seal/public.ts'
import { Bundle } from './open-bundle.ts'

/** What the kernels leave to SEAL: parsing what comes from the bundle, and encryption. */
export interface SealThreadSetup {
  readonly bundle: string
  /** The manifest that the main thread has verified. */
  readonly bundleSha256: string
  readonly segmentIndex: number
  readonly module: WebAssembly.Module
}

export type SealThreadRequest =
  /** Every so-manieth key set and weight, beginning with `first`. */
  | { readonly kind: 'expand'; readonly first: number; readonly every: number }
  | { readonly kind: 'encrypt'; readonly registers: readonly Register[]; readonly input: Float64Array }

export type SealThreadAnswer =
  | { readonly kind: 'key'; readonly keys: EvaluationKeyBytes }
  | { readonly kind: 'weight'; readonly index: WeightIndex; readonly bytes: Uint8Array }
  | { readonly kind: 'input'; readonly register: Register; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly busyMs: number }
  | { readonly kind: 'failed'; readonly error: ErrorReport; readonly isUserError: boolean }

const port = parentPort!
const setup = workerData as SealThreadSetup
const answer = (message: SealThreadAnswer, bytes: Uint8Array[] = []): void =>
  port.postMessage(
    message,
    bytes.map(({ buffer }) => buffer as ArrayBuffer),
  )

/** Made on the first request; the bundle stays open. */
let opened: Promise<{ bundle: Bundle; plan: Plan; context: SealContext; encryptor: PublicEncryptor }> | undefined

async function open() {
  const bundle = await Bundle.reopen(setup.bundle, setup.bundleSha256)
  const segment = bundle.manifest.segments[setup.segmentIndex]
  const plan = await bundle.plan(segment)
  const context = new SealContext(await loadSeal(setup.module), plan.parameters)
  return { bundle, plan, context, encryptor: new PublicEncryptor(context, await bundle.entry(segment.publicKey)) }
}

/** Resolves to the milliseconds that it worked. */
async function serve(request: SealThreadRequest): Promise<number> {
  const { bundle, plan, context, encryptor } = await (opened ??= open())
  const startedMs = performance.now()
  if (request.kind === 'encrypt') {
    for (const register of request.registers) {
      const slots = packInput(plan, request.input, register)
      const { mode, scale, primes } = plan.input
      const value = mode === 'plain' ? context.encode(slots, scale, primes) : encryptor.encrypt(slots, scale, primes)
      const bytes = 'coeffCount' in value ? savePlaintext(context, value) : saveCiphertext(context, value)
      value.delete()
      answer({ kind: 'input', register, bytes }, [bytes])
    }
    return performance.now() - startedMs
  }
  const segment = bundle.manifest.segments[setup.segmentIndex]
  const mine = (index: number): boolean => index % request.every === request.first
  let set = 0
  for await (const packed of bundle.evaluationKeys(segment)) {
    if (!mine(set++)) continue
    const keys = expandKeys(context, packed)
    answer({ kind: 'key', keys }, [(keys.relinearisation ?? keys.galois?.bytes)!])
  }
  const load = await bundle.weightLoader(segment, plan)
  for (const [index, slot] of plan.weights.entries()) {
    if (!mine(index)) continue
    const bytes = expandWeight(context, load(index), slot)
    answer({ kind: 'weight', index, bytes }, [bytes])
  }
  return performance.now() - startedMs
}

port.on('message', (request: SealThreadRequest) => {
  serve(request).then(
    (busyMs) => answer({ kind: 'done', busyMs }),
    (error) => answer({ kind: 'failed', error: reportError(error), isUserError: error instanceof UserError }),
  )
})

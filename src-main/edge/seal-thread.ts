import { parentPort, workerData } from 'node:worker_threads'
import { packInput } from '../core/bundle/packing.ts'
import { reportError, UserError, type ErrorReport } from '../core/errors.ts'
import { dataPrimesOf, type Plan, type Register } from '../core/plan/plan.ts'
import { loadSeal, PublicEncryptor, saveCiphertext, savePlaintext, SealContext } from '../seal/public.ts'
import { Bundle } from './open-bundle.ts'

/** What the kernels leave to SEAL: encryption. */
export interface SealThreadSetup {
  readonly bundle: string
  /** The manifest that the main thread has verified. */
  readonly bundleSha256: string
  readonly segmentIndex: number
  readonly module: WebAssembly.Module
}

/** Encrypts, or encodes, these registers' share of an input. */
export interface SealThreadRequest {
  readonly registers: readonly Register[]
  readonly input: Float64Array
}

export type SealThreadAnswer =
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

/** Made on the first request. */
let opened: Promise<{ plan: Plan; context: SealContext; encryptor: PublicEncryptor }> | undefined

async function open() {
  const bundle = await Bundle.reopen(setup.bundle, setup.bundleSha256)
  const segment = bundle.manifest.segments[setup.segmentIndex]
  const plan = await bundle.plan(segment)
  const publicKey = await bundle.entry(segment.publicKey)
  await bundle.close()
  const firstLevelOnly = plan.input.primes === dataPrimesOf(plan.parameters)
  const context = new SealContext(await loadSeal(setup.module), plan.parameters, { firstLevelOnly })
  return { plan, context, encryptor: new PublicEncryptor(context, publicKey) }
}

/** Resolves to the milliseconds that it worked. */
async function serve(request: SealThreadRequest): Promise<number> {
  const { plan, context, encryptor } = await (opened ??= open())
  const startedMs = performance.now()
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

port.on('message', (request: SealThreadRequest) => {
  serve(request).then(
    (busyMs) => answer({ kind: 'done', busyMs }),
    (error) => answer({ kind: 'failed', error: reportError(error), isUserError: error instanceof UserError }),
  )
})

import { workerData } from 'node:worker_threads'
import { packInput } from '../core/plan/packing.ts'
import { inputLevel, isInputAtFirstLevel, type Plan, type Register } from '../core/plan/plan.ts'
import { loadSeal, PublicEncryptor, saveCiphertext, savePlaintext, SealContext } from '../seal/public.ts'
import { answerQuestions, type Tell } from '../workers/ask.ts'
import { Bundle } from '../files/open-bundle.ts'

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

/** One encrypted, or encoded, input as SEAL saves it. */
export interface SealThreadNote {
  readonly register: Register
  readonly bytes: Uint8Array
}

const setup = workerData as SealThreadSetup

/** Made on the first request. */
let opened: Promise<{ plan: Plan; context: SealContext; encryptor: PublicEncryptor }> | undefined

async function open() {
  const bundle = await Bundle.reopen(setup.bundle, setup.bundleSha256)
  const segment = bundle.segment(setup.segmentIndex)
  const plan = await bundle.plan(segment)
  const publicKey = await bundle.entry(segment.publicKey)
  await bundle.close()
  const firstLevelOnly = isInputAtFirstLevel(plan)
  const context = new SealContext(await loadSeal(setup.module), plan.parameters, { firstLevelOnly })
  return { plan, context, encryptor: new PublicEncryptor(context, publicKey) }
}

/** Resolves to the milliseconds that it worked. */
async function serve(request: SealThreadRequest, tell: Tell<SealThreadNote>): Promise<number> {
  const { plan, context, encryptor } = await (opened ??= open())
  const startedMs = performance.now()
  for (const register of request.registers) {
    const slots = packInput(plan, request.input, register)
    const { scale, primes } = inputLevel(plan, register)
    const value =
      plan.input.mode === 'plain' ? context.encode(slots, scale, primes) : encryptor.encrypt(slots, scale, primes)
    const bytes = 'coeffCount' in value ? savePlaintext(context, value) : saveCiphertext(context, value)
    value.delete()
    tell({ register, bytes }, [bytes.buffer as ArrayBuffer])
  }
  return performance.now() - startedMs
}

answerQuestions(serve)

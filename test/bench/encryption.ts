import { nttPrimes } from '../../src-main/core/numeric/primes.ts'
import type { Plan } from '../../src-main/core/plan/plan.ts'
import { openKernels } from '../../src-main/kernels/open-kernels.ts'
import { loadSeal, PublicEncryptor, SealContext } from '../../src-main/seal/public.ts'
import { OwnerKey } from '../../src-main/seal/secret.ts'
import { median } from './rotation.ts'

const rounds = 15
const degree = 16384
const scale = 2 ** 40

export interface EncryptionCosts {
  /** Processor milliseconds of one encryption at N = 16384 with 10 primes, encoding included. */
  readonly sealMs: number
  readonly kernelsMs: number
  readonly ratio: number
}

/** Node-seal's encryption and the kernels', in turn, on this thread. */
export async function encryptionCosts(): Promise<EncryptionCosts> {
  const [first, special] = nttPrimes(degree, 45, 2, new Set())
  const primes = [first, ...nttPrimes(degree, 37, 9, new Set()), special].map(String)
  const parameters = { polyModulusDegree: degree, primes }
  const context = new SealContext(await loadSeal(), parameters)
  const key = OwnerKey.generate(context)
  const publicKey = key.publicKey()
  const encryptor = new PublicEncryptor(context, publicKey)
  const plan: Plan = {
    ...{ parameters, weights: [], instructions: [], layers: [], batch: 1 },
    input: { mode: 'encrypted', shape: [1, 1, 1], sources: [new Int32Array()], scale, primes: 10 },
    output: { registers: [], shape: [1, 1, 1], positions: new Int32Array() },
  }
  const kernels = await openKernels(plan, { inputs: 'encrypt' })
  kernels.store.loadPublicKey(publicKey)
  const slots = Float64Array.from({ length: degree / 2 }, (_, i) => Math.sin(i))
  const seal = (): void => encryptor.encrypt(slots, scale, 10).delete()
  const ours = (): void =>
    kernels.evaluator.release(kernels.encryptInput(slots, crypto.getRandomValues(new Uint8Array(32))))
  const times: [number[], number[]] = [[], []]
  for (let i = 0; i < rounds + 3; i++) {
    const taken = [seal, ours].map(processorMs)
    if (i >= 3) taken.forEach((ms, which) => times[which].push(ms))
  }
  await kernels.close()
  for (const part of [encryptor, key, context]) part.delete()
  const [sealMs, kernelsMs] = times.map(median)
  return { sealMs, kernelsMs, ratio: kernelsMs / sealMs }
}

function processorMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

import { nttPrimes } from '../../src-main/core/numeric/primes.ts'
import { loadSeal, SealContext } from '../../src-main/seal/public.ts'

const rounds = 15

/** R: the median milliseconds of one node-seal rotation at N = 16384 with 8 primes, on this thread. */
export async function rotationMs(): Promise<number> {
  const degree = 16384
  const [first, special] = nttPrimes(degree, 50, 2, new Set())
  const primes = [first, ...nttPrimes(degree, 40, 7, new Set()), special].map(String)
  const context = new SealContext(await loadSeal(), { polyModulusDegree: degree, primes })
  const { bindings } = context.seal
  const generator = new bindings.KeyGenerator(context.context)
  const keys = generator.createGaloisKeysWithSteps(Int32Array.of(1))
  const publicKey = generator.createPublicKey()
  const encryptor = new bindings.Encryptor(context.context, publicKey)
  const plain = context.encode(Float64Array.of(1, 2, 3), 2 ** 40, 8)
  const value = new bindings.Ciphertext()
  encryptor.encrypt(plain, value)
  const times: number[] = []
  for (let i = 0; i < rounds + 3; i++) {
    const out = new bindings.Ciphertext()
    const startedMs = performance.now()
    context.evaluator.rotateVector(value, 1, keys, out)
    if (i >= 3) times.push(performance.now() - startedMs)
    out.delete()
  }
  for (const object of [value, plain, encryptor, publicKey, keys, generator, context]) object.delete()
  return median(times)
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

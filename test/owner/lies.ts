import { commitmentOf } from '../../src-main/core/bundle/receipt.ts'
import { silent } from '../../src-main/core/progress.ts'
import { computeJob, type ComputedJob, type Job } from '../../src-main/edge/compute-job.ts'
import { loadInputEncryptor } from '../../src-main/edge/input-encryptor.ts'
import type { SegmentRunner } from '../../src-main/edge/segment-runner.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import type { Bundle } from '../../src-main/files/open-bundle.ts'
import { unpackCiphertext } from '../../src-main/seal/packed.ts'
import {
  loadCiphertext,
  loadCiphertextParts,
  loadSeal,
  saveCiphertext,
  SealContext,
} from '../../src-main/seal/public.ts'

/** A weight of a bundle's first segment, brought to the level and scale of a result or an input. */
export async function weightInFormOf(bundle: Bundle, model: Uint8Array): Promise<Uint8Array> {
  const segment = bundle.segment(0)
  const plan = await bundle.plan(segment)
  const { entries, load } = await bundle.weights(segment, plan)
  const sent = entries.filter(({ source }) => 'weight' in source)
  const { source, primes, scale } = sent.reduce((most, entry) => (entry.primes > most.primes ? entry : most))
  if (!('weight' in source)) throw new Error('every weight of the segment is expanded')
  const context = new SealContext(await loadSeal(), plan.parameters)
  const unpacked = unpackCiphertext(context, load(source.weight), primes, scale)
  const weight = loadCiphertext(context, unpacked, { primes, scale })
  const result = loadCiphertextParts(context, model)
  context.evaluator.cipherModSwitchToInplace(weight, context.parmsId(result.coeffModulusSize()))
  weight.setScale(result.scale())
  const saved = saveCiphertext(context, weight)
  for (const part of [weight, result, context]) part.delete()
  return saved
}

/** (0, 1), in the form of a result: its decryption is the secret key itself. */
export function keyInFormOf(model: Uint8Array): Uint8Array {
  const bytes = model.slice()
  const words = new BigUint64Array((bytes.length - 113) / 8)
  words.fill(1n, words.length / 2)
  bytes.set(new Uint8Array(words.buffer), 113)
  return bytes
}

/**
 * What a segment computes on a weight of its bundle in the place of its inputs, said to be the job `honest`, whose values and seed the
 * edge can open.
 */
export async function jobOnWeight(bundle: Bundle, runner: SegmentRunner, honest: Job): Promise<ComputedJob> {
  if (!('seed' in honest.input)) throw new Error('the job begins with values')
  const encryptor = await loadInputEncryptor(bundle, 0)
  const models = encryptor.encrypt(honest.input)
  await encryptor.close()
  const input = await Promise.all(models.map((model) => weightInFormOf(bundle, model)))
  return await computeJob(bundle, runner, { ...honest, input, commitment: commitmentOf(honest.input, sha256) }, silent)
}

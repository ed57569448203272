import { UserError } from '../core/errors.ts'
import { Bundle, type Trust } from '../files/open-bundle.ts'
import { checkOutput, writeAtomically } from '../files/write-atomically.ts'
import { InputEncoder } from './nats/task-input.ts'
import { readInput } from './read-input.ts'
import { seeded } from './segment-runner.ts'

export interface EncryptInputRequest {
  readonly bundle: string
  readonly input: string
  /** Which sample of `input`; 0 unless told. */
  readonly index?: number
  readonly out: string
  readonly force?: boolean
  readonly trust?: Trust
}

/** Encrypts a sample once, for several nodes to compute on. @throws UserError input-in-the-clear and what reading says */
export async function encryptInput(request: EncryptInputRequest): Promise<{ job: string; bytes: number }> {
  await checkOutput(request.out, request)
  const bundle = await Bundle.open(request.bundle, request.trust)
  try {
    const encoder = await InputEncoder.load(bundle)
    try {
      const { plan } = encoder
      if (plan.input.mode === 'plain') {
        throw new UserError('input-in-the-clear', "The bundle's first segment takes its input in the clear.", {
          hint: 'Give the sample itself to each node.',
        })
      }
      const { preprocessing } = bundle.manifest
      const input = seeded(await readInput(request.input, request.index ?? 0, plan, preprocessing))
      const file = encoder.encode(input)
      await writeAtomically(request.out, { force: request.force }, (handle) => handle.writeFile(file))
      return { job: input.job, bytes: file.length }
    } finally {
      await encoder.delete()
    }
  } finally {
    await bundle.close()
  }
}

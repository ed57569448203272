import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Candidate, DeploymentChoice } from '../core/compile/candidates.ts'
import { UserError } from '../core/errors.ts'
import { CUT_KINDS } from '../core/segment/cut.ts'
import { fileProblem } from '../files/read-file.ts'

/** A deployment that `advise` recommended, and the request that its figures are of. Files of hand may leave those out. */
export interface PlannedChoice extends DeploymentChoice {
  readonly input?: 'encrypted' | 'plain'
  readonly minKept?: number
}

const format = 'sealwright-plan-1'
const degree = z.union([z.literal(2), z.literal(4), z.literal(8)])
const kind = z.enum(CUT_KINDS)
const refresh = z.enum(['refresh', 'exact'])
const split = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('cuts'), cuts: z.array(z.strictObject({ after: z.string(), kind })).max(63) }),
  z.strictObject({ by: z.literal('activations'), kind: z.literal('exact') }),
  z.strictObject({ by: z.literal('depth'), kind: refresh }),
  z.strictObject({ by: z.literal('refreshes'), refreshes: z.int().min(0).max(63), kind: refresh }),
])
const planFile = z.strictObject({
  format: z.literal(format),
  degree,
  degrees: z.record(z.string(), degree),
  splitPools: z.boolean(),
  split,
  input: z.enum(['encrypted', 'plain']).optional(),
  minKept: z.number().min(0).max(1).optional(),
})

/** What `readPlanFile` reads. */
export function planFileText(
  { degree, degrees, splitPools, split }: Candidate,
  { input, minKept }: Pick<PlannedChoice, 'input' | 'minKept'>,
): string {
  return `${JSON.stringify({ format, degree, degrees, splitPools, split, input, minKept }, null, 2)}\n`
}

/** The choice that `advise` wrote. @throws UserError file-not-found, bad-plan-file */
export async function readPlanFile(path: string): Promise<PlannedChoice> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileProblem(error, path)
  })
  try {
    const { format: _, ...choice } = planFile.parse(JSON.parse(text))
    return choice
  } catch (cause) {
    throw new UserError('bad-plan-file', `${path} is not what advise writes.`, {
      where: { file: path },
      hint: 'sealwright advise … --out FILE writes one.',
      cause,
    })
  }
}

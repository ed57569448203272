import type { Command } from 'commander'
import type { ApproximateChoice } from '../core/compile/approximate-network.ts'
import { UserError } from '../core/errors.ts'
import type { PlannedChoice } from '../jobs/plan-file.ts'
import { activationOf, type ActivationOptions, type InputModeOptions, type SplitOptions } from './options.ts'
import { path } from './values.ts'

/** `--plan`: what `advise --out` wrote, in place of the options that say the same. */
export const withPlanFile = (command: Command): Command =>
  command.option('--plan <file>', 'a plan that advise --out wrote: degrees, pools, cuts and input', path)

export interface PlanFileOptions {
  readonly plan?: string
}

type Options = ActivationOptions & SplitOptions & PlanFileOptions & Partial<Pick<InputModeOptions, 'input'>>

/** `input` and `minKept` are those of a plan file, where the person gave no others. */
type Chosen = ApproximateChoice & SplitOptions & Partial<Pick<PlannedChoice, 'input' | 'minKept'>>

/** How a network is approximated and split: as the options say, or as a plan file does. @throws UserError bad-arguments; as readPlanFile */
export async function choiceOf(options: Options, given: Command): Promise<Chosen> {
  const { plan, input, split, tuningEpochs } = options
  if (plan === undefined) return { ...activationOf(options), split }
  const decided = givenOf(given, ['activation', 'splitPools', 'split', 'target', 'maxDepth', 'maxSeconds'])
  if (decided) {
    throw new UserError(
      'bad-arguments',
      `${decided.long} and --plan both say how the network is approximated or split.`,
      {
        hint: 'Leave one of them out.',
      },
    )
  }
  const { readPlanFile } = await import('../jobs/plan-file.ts')
  const planned = await readPlanFile(plan)
  if (planned.input !== undefined && planned.input !== input && givenOf(given, ['input'])) {
    throw new UserError(
      'bad-arguments',
      `${plan} is for ${planned.input === 'plain' ? 'inputs in the clear' : 'encrypted inputs'}.`,
      {
        where: { file: plan },
        hint: `Leave --input out, or let advise compare deployments with --input ${input}.`,
      },
    )
  }
  const { minKept, ...choice } = planned
  return { ...choice, tuningEpochs, ...(!givenOf(given, ['minKept']) && { minKept }) }
}

/** The first of these options that was given by the person. */
export const givenOf = (command: Command, names: readonly string[]) =>
  command.options.find((option) => {
    const name = option.attributeName()
    return names.includes(name) && command.getOptionValueSource(name) === 'cli'
  })

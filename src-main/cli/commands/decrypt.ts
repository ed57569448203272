import type { Command } from 'commander'
import type { DecryptResult, Revealed } from '../../jobs/decrypt.ts'
import { answer, command } from '../command.ts'
import { withUnlock, type UnlockOptions } from '../options.ts'
import { readUnlock } from '../passphrase.ts'
import { policyOf, revealOption, topOption, type RevealMode } from '../reveal.ts'
import { table } from '../table.ts'
import { path } from '../values.ts'

interface Options extends UnlockOptions {
  readonly json?: boolean
  readonly keys: string
  readonly reveal?: RevealMode
  readonly top: number
  readonly beyondBudget?: boolean
}

export function decryptCommand(): Command {
  const base = command('decrypt <result>', 'open an encrypted result, as the owner', [
    'sealwright decrypt digit.result --keys keys',
    'sealwright decrypt digit.result --keys keys --reveal scores --json',
  ])
    .requiredOption('--keys <folder>', 'the key store that protect wrote', path)
    .addOption(revealOption("how much to tell (default: the deployment's policy)"))
    .addOption(topOption())
    .option(
      '--beyond-budget',
      'open it even if the budget is spent; then do not show the answer to the node that computed it',
    )
  return withUnlock(base).action(async (result: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { decrypt } = await import('../../jobs/decrypt.ts')
      const unlock = await readUnlock(options)
      const reveal = options.reveal && policyOf(options.reveal, options.top)
      const { keys, beyondBudget } = options
      const request = { result: path(result), keys, ...unlock, reveal, beyondBudget }
      const revealed = await decrypt(request, work)
      return { json: revealed, text: textOf(revealed) }
    })
  })
}

/** Every image of a batch, and every output of a network of several. */
export function textOf({ images = [], ...first }: DecryptResult): string {
  if (images.length < 2) return textOfOne(first)
  return images.map((image, at) => `image ${at + 1}\n${textOfOne(image)}`).join('\n\n')
}

function textOfOne({ outputs, ...whole }: Revealed): string {
  if (!outputs) return textOfOutput(whole)
  return outputs.map(({ name, ...output }) => `${name}: ${textOfOutput(output)}`).join('\n')
}

function textOfOutput({ label, isQuantity, labelName, top, topNames, scores }: Partial<Revealed>): string {
  if (isQuantity && !scores) {
    return `label ${label}: the output is ${label === 1 ? 'above 0' : '0 or below'}; --reveal scores tells it`
  }
  if (scores && (isQuantity || label === undefined)) return `output ${scores.map(figure).join(', ')}`
  const ranks = (top ?? []).map((other, rank) => [rank + 1, topNames ? `${other} (${topNames[rank]})` : other])
  const rows = (scores ?? []).map((score, other) => [other, figure(score)])
  return [
    `label ${label}${labelName === undefined ? '' : ` (${labelName})`}`,
    ...(top ? ['', table(['rank', 'label'], ranks)] : []),
    ...(scores?.length === 1
      ? [`score ${scores.map(figure).join()}`]
      : scores
        ? ['', table(['label', 'score'], rows)]
        : []),
  ].join('\n')
}

/** Beyond this, noise or the last steps' arithmetic speaks. */
const figure = (score: number): string => `${Number(score.toPrecision(6))}`

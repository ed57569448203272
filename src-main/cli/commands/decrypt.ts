import type { Command } from 'commander'
import type { Revealed } from '../../jobs/decrypt.ts'
import { answer, command } from '../command.ts'
import { withPassphrase } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { policyOf, revealOption, topOption, type RevealMode } from '../reveal.ts'
import { table } from '../table.ts'
import { path } from '../values.ts'

interface Options {
  readonly json?: boolean
  readonly keys: string
  readonly reveal?: RevealMode
  readonly top: number
  readonly passphraseFile?: string
}

export function decryptCommand(): Command {
  const base = command('decrypt <result>', 'open an encrypted result, as the owner', [
    'sealwright decrypt digit.result --keys keys',
    'sealwright decrypt digit.result --keys keys --reveal scores --json',
  ])
    .requiredOption('--keys <folder>', 'the key store that protect wrote', path)
    .addOption(revealOption("how much to tell (default: the deployment's policy)"))
    .addOption(topOption())
  return withPassphrase(base).action(async (result: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { decrypt } = await import('../../jobs/decrypt.ts')
      const passphrase = await readPassphrase(options.passphraseFile)
      const reveal = options.reveal && policyOf(options.reveal, options.top)
      const request = { result: path(result), keys: options.keys, passphrase, reveal }
      const revealed = await decrypt(request, work)
      return { json: revealed, text: textOf(revealed) }
    })
  })
}

function textOf({ label, labelName, top, scores }: Revealed): string {
  const ranks = (top ?? []).map((other, rank) => [rank + 1, other])
  const rows = (scores ?? []).map((score, other) => [other, score])
  return [
    `label ${label}${labelName === undefined ? '' : ` (${labelName})`}`,
    ...(top ? ['', table(['rank', 'label'], ranks)] : []),
    ...(scores ? ['', table(['label', 'score'], rows)] : []),
  ].join('\n')
}

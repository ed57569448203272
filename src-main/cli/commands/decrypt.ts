import { Option, type Command } from 'commander'
import { decrypt, type Revealed, type RevealPolicy } from '../../jobs/decrypt.ts'
import { answer, command } from '../command.ts'
import { withPassphrase } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { table } from '../table.ts'
import { path, positiveNumber } from '../values.ts'

interface Options {
  readonly json?: boolean
  readonly keys: string
  readonly reveal?: 'label' | 'top-k' | 'scores'
  readonly top: number
  readonly passphraseFile?: string
}

export function decryptCommand(): Command {
  const base = command('decrypt <result>', 'open an encrypted result, as the owner', [
    'sealwright decrypt digit.result --keys keys',
    'sealwright decrypt digit.result --keys keys --reveal scores --json',
  ])
    .requiredOption('--keys <folder>', 'the key store that protect wrote', path)
    .addOption(
      new Option('--reveal <what>', "how much to tell (default: the deployment's policy)").choices([
        'label',
        'top-k',
        'scores',
      ]),
    )
    .option('--top <number>', 'how many labels top-k tells', positiveNumber, 3)
  return withPassphrase(base).action(async (result: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const passphrase = await readPassphrase(options.passphraseFile)
      const request = { result: path(result), keys: options.keys, passphrase, reveal: policyOf(options) }
      const revealed = await decrypt(request, work)
      return { json: revealed, text: textOf(revealed) }
    })
  })
}

function policyOf({ reveal, top }: Options): RevealPolicy | undefined {
  if (reveal === undefined) return undefined
  return reveal === 'top-k' ? { mode: reveal, k: top } : { mode: reveal }
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

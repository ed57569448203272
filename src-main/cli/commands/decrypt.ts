import { Option, type Command } from 'commander'
import { decrypt } from '../../jobs/decrypt.ts'
import { answer, command } from '../command.ts'
import { withPassphrase } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { path } from '../values.ts'

interface Options {
  readonly json?: boolean
  readonly keys: string
  readonly reveal?: 'label' | 'top-k' | 'scores'
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
  return withPassphrase(base).action(async (result: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const passphrase = await readPassphrase(options.passphraseFile)
      const revealed = await decrypt(
        { result: path(result), keys: options.keys, reveal: options.reveal, passphrase },
        work,
      )
      const scores = (revealed.scores ?? []).map(({ label, score }) => `  ${label}  ${score}`)
      return { json: revealed, text: [`label ${revealed.label}`, ...scores].join('\n') }
    })
  })
}

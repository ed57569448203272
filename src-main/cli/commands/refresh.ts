import type { Command } from 'commander'
import { answer, command } from '../command.ts'
import { withUnlock, type UnlockOptions } from '../options.ts'
import { readUnlock } from '../passphrase.ts'
import { pairs } from '../table.ts'
import { bytes } from '../../core/units.ts'
import { path } from '../values.ts'

interface Options extends UnlockOptions {
  readonly json?: boolean
  readonly keys: string
  readonly out: string
  readonly force?: boolean
}

export function refreshCommand(): Command {
  const base = command(
    'refresh <result>',
    "decrypt one segment's result and encrypt it for the next segment, as the owner",
    [
      'sealwright refresh digit-0.result --keys keys --out digit.refreshed\nsealwright edge run deep.sealed --input digit.refreshed --out digit-1.result',
    ],
  )
    .requiredOption('--keys <folder>', 'the key store that protect wrote', path)
    .requiredOption('--out <file>', 'the input of the next segment, for the edge', path)
    .option('--force', 'replace the file if it exists')
  return withUnlock(base).action(async (result: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { refresh } = await import('../../jobs/refresh.ts')
      const unlock = await readUnlock(options)
      const { keys, out } = options
      const refreshed = await refresh(
        { result: path(result), keys, ...unlock, out, force: options.force === true },
        work,
      )
      const text = pairs([
        ['refreshed', `${refreshed.refreshed} (${bytes(refreshed.bytes)})`],
        ['for segment', String(refreshed.segment + 1)],
      ])
      return { json: refreshed, text }
    })
  })
}

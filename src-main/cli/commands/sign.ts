import { Option, type Command } from 'commander'
import { UserError } from '../../core/errors.ts'
import { answer, command } from '../command.ts'
import { withUnlock, type UnlockOptions } from '../options.ts'
import { readUnlock } from '../passphrase.ts'
import { path } from '../values.ts'

interface Options extends UnlockOptions {
  readonly json?: boolean
  readonly keys?: string
  readonly key?: string
  readonly out: string
  readonly force?: boolean
}

export function signCommand(): Command {
  const base = command('sign <bundle>', 'sign a bundle again, into a file of its own (OpenSSF Model Signing)', [
    'sealwright sign lenet5.sealed --keys keys --out lenet5.sig',
    'sealwright sign lenet5.sealed --key release-key.pem --out lenet5.sig',
  ])
    .option(
      '--keys <folder>',
      "sign with the deployment's key in this key store; either this or --key is required",
      path,
    )
    .addOption(
      new Option('--key <file>', 'sign with this private key (PEM, EC P-256 or P-384)')
        .argParser(path)
        .conflicts('keys'),
    )
    .requiredOption('--out <file>', 'the signature file to write', path)
    .option('--force', 'replace the file if it exists')
  return withUnlock(base).action(async (bundle: string, options: Options) => {
    await answer(options.json === true, async (work) => {
      const { sign } = await import('../../jobs/sign.ts')
      const { out, force } = options
      const result = await sign(
        { bundle: path(bundle), out, force: force === true, signer: await signerOf(options) },
        work,
      )
      return { json: result, text: `signature  ${result.signature}` }
    })
  })
}

async function signerOf(options: Options) {
  const { keys, key } = options
  if (key !== undefined) return { file: key }
  if (keys !== undefined) return { keys, ...(await readUnlock(options)) }
  throw new UserError('usage', 'The key to sign with is missing.', { hint: 'Give --keys FOLDER or --key FILE.' })
}

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CancelledError, UserError } from '../core/errors.ts'
import { readText } from '../files/read-file.ts'
import type { UnlockRequest } from '../jobs/unlock.ts'
import type { LockOptions, UnlockOptions } from './options.ts'

const MAX_PASSPHRASE_BYTES = 4096

/**
 * The passphrase of the key store: from --passphrase-file, SEALWRIGHT_PASSPHRASE, or asked for without echo.
 * `repeat` asks twice, for a passphrase that is new.
 * @throws UserError passphrase-needed, passphrase-mismatch, passphrase-empty, file-…
 */
async function readPassphrase(file: string | undefined, options: { repeat?: boolean } = {}): Promise<string> {
  if (file !== undefined) {
    return checked((await readText(file, MAX_PASSPHRASE_BYTES)).replace(/\r?\n$/, ''))
  }
  const inherited = process.env.SEALWRIGHT_PASSPHRASE
  if (inherited !== undefined) return checked(inherited)
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UserError(
      'passphrase-needed',
      'The key store needs a passphrase, and there is no terminal to ask for it.',
      {
        hint: 'Set SEALWRIGHT_PASSPHRASE, or give --passphrase-file FILE, or an age recipient or identity.',
      },
    )
  }
  const passphrase = checked(await ask('Passphrase of the key store: '))
  if (options.repeat && (await ask('Repeat it:  ')) !== passphrase) {
    throw new UserError('passphrase-mismatch', 'The two passphrases differ.')
  }
  return passphrase
}

/** What opens the key store, as the options say. Throws what `readPassphrase` does. */
export async function readUnlock({ identity, passphraseFile }: UnlockOptions): Promise<UnlockRequest> {
  return identity === undefined ? { passphrase: await readPassphrase(passphraseFile) } : { identityFile: identity }
}

/** What a new key store entry is locked with. Throws what `readPassphrase` does. */
export async function readLock({ recipient, passphraseFile }: LockOptions) {
  return recipient.length > 0
    ? { recipients: recipient }
    : { passphrase: await readPassphrase(passphraseFile, { repeat: true }) }
}

function checked(passphrase: string): string {
  if (passphrase === '') throw new UserError('passphrase-empty', 'The passphrase is empty.')
  return passphrase
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: mute, terminal: true })
  const abandoned = new AbortController()
  // In raw mode Ctrl-C and Ctrl-D reach the prompt instead of the process.
  terminal.on('SIGINT', () => abandoned.abort()).on('close', () => abandoned.abort())
  try {
    return await terminal.question('', { signal: abandoned.signal })
  } catch {
    throw new CancelledError()
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

import { UserError } from '../core/errors.ts'
import { readText } from '../files/read-file.ts'
import type { Unlock } from '../owner/age.ts'

/** What opens the key store: its passphrase, or a file of age identities (`AGE-SECRET-KEY-…`), as age-keygen writes it. */
export interface UnlockRequest {
  readonly passphrase?: string
  readonly identityFile?: string
}

/** @throws UserError bad-identity, passphrase-needed, file-not-found */
export async function unlockOf({ passphrase, identityFile }: UnlockRequest): Promise<Unlock> {
  if (identityFile !== undefined) return { identities: identitiesIn(await readText(identityFile), identityFile) }
  if (passphrase !== undefined) return { passphrase }
  throw new UserError('passphrase-needed', 'The key store has a passphrase or an age identity; neither was given.')
}

function identitiesIn(text: string, file: string): string[] {
  const lines = text.split('\n').map((line) => line.trim())
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (identities.length > 0 && identities.every((line) => line.startsWith('AGE-SECRET-KEY-'))) return identities
  const hint = text.includes('PRIVATE KEY')
    ? 'SSH keys are not supported; age-keygen makes an identity.'
    : 'A line begins with AGE-SECRET-KEY-; identities of plugins and hardware keys are not supported.'
  throw new UserError('bad-identity', `${file} holds no age identity.`, { where: { file }, hint })
}

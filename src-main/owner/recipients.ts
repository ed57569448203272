import { Encrypter } from 'age-encryption'
import { UserError } from '../core/errors.ts'

/** X25519 alone, or X25519 together with ML-KEM-768, which quantum computers are not known to break. */
export type RecipientKind = 'classic' | 'post-quantum'

/**
 * The kind that all of them are, as age itself asks for: a file for both kinds is as weak as the weaker one.
 * @throws UserError bad-recipient
 */
export function kindOfRecipients(recipients: readonly string[]): RecipientKind {
  const [kind, ...others] = new Set(recipients.map(kindOf))
  if (kind === undefined) throw new UserError('bad-recipient', 'No age recipient is given.')
  if (others.length === 0) return kind
  throw new UserError('bad-recipient', 'Post-quantum recipients (age1pq1…) and classic ones (age1…) do not mix.', {
    hint: 'Give recipients of one kind; age-keygen -pq makes post-quantum ones.',
  })
}

function kindOf(recipient: string): RecipientKind {
  const refuse = (message: string, hint: string, cause?: unknown): never => {
    throw new UserError('bad-recipient', message, { hint, cause })
  }
  // Said without the text itself: it is a secret, and messages end in logs.
  if (/^AGE-(SECRET-KEY|PLUGIN)-|PRIVATE KEY/i.test(recipient)) {
    return refuse('What was given as a recipient is a secret key.', 'Give its recipient: age-keygen -y prints it.')
  }
  if (/^(ssh-|sk-ssh-|ecdsa-)/.test(recipient)) {
    return refuse('SSH keys are not supported.', 'Make an identity with age-keygen, and give its recipient (age1…).')
  }
  // Bech32: what comes before the last 1 names the kind.
  const prefix = recipient.slice(0, recipient.lastIndexOf('1'))
  if (prefix.startsWith('age1') && prefix !== 'age1pq') {
    return refuse('Recipients of plugins and hardware keys are not supported.', 'Give a native one: age1… or age1pq1….')
  }
  try {
    new Encrypter().addRecipient(recipient)
  } catch (cause) {
    const shown = `${recipient.slice(0, 40)}${recipient.length > 40 ? '…' : ''}`
    return refuse(
      `${shown} is not an age recipient.`,
      'Recipients start with age1. Check for a missing character.',
      cause,
    )
  }
  return prefix === 'age1pq' ? 'post-quantum' : 'classic'
}

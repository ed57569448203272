import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Batched } from '../../core/batched.ts'
import { UserError } from '../../core/errors.ts'
import { getOrMake } from '../../core/get-or-make.ts'
import { withLock } from '../../files/lock-file.ts'
import { writeAtomically, writeProblem } from '../../files/write-atomically.ts'

/** In the key store's folder, beside the deployments: it outlives theirs, so that a restored one goes on where it was. */
export const LEDGER_FOLDER = 'budget'

const accountSchema = z.strictObject({
  version: z.literal(1),
  /** Bits of key and weights that answers may have given away. */
  spentBits: z.number().nonnegative(),
  /** Images whose scores were released. */
  scores: z.int().min(0),
  audits: z.strictObject({ passed: z.int().min(0), failed: z.int().min(0) }),
  /** Fingerprints of the tokens of edges that an audit caught. */
  blocked: z.array(z.strictObject({ token: z.string().max(64), since: z.iso.datetime() })),
  /** SHA-256 of the public keys that signed audit logs for the deployment. */
  signers: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
})

/** What one deployment has given away, and who was caught. */
export type Account = z.infer<typeof accountSchema>

/** What an answer costs, and how far the count may go. */
export interface Price {
  readonly bits: number
  readonly scores?: number
}
export interface Allowance {
  readonly bits: number
  readonly scores?: number
}

type Change = (account: Account) => Account

const untouched: Account = {
  version: 1,
  spentBits: 0,
  scores: 0,
  audits: { passed: 0, failed: 0 },
  blocked: [],
  signers: [],
}

/** Another process may be writing; each write takes milliseconds. */
const waitMs = 10_000
/** Sums of logarithms. */
const tolerance = 1e-9

/**
 * The accounts of a key store's deployments. Whatever opens results (a gateway, a second one, the command line) counts
 * here first, each change under a lock and on disk before it is relied on.
 */
export class Ledger {
  readonly #folder: string
  /** Of each deployment: those that come while one is written are written together. */
  readonly #changes = new Map<string, Batched<Change, Account>>()

  /** `folder` is the key store's. */
  constructor(folder: string) {
    this.#folder = join(folder, LEDGER_FOLDER)
  }

  /** @throws UserError damaged-key-store */
  async read(id: string): Promise<Account> {
    return (await this.#find(id)) ?? untouched
  }

  async has(id: string): Promise<boolean> {
    return (await this.#find(id)) !== undefined
  }

  /** Of all accounts. */
  async signers(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const ids = names.flatMap((name) => /^([0-9a-f]{32})\.json$/.exec(name)?.[1] ?? [])
    return (await Promise.all(ids.map((id) => this.read(id)))).flatMap(({ signers }) => signers)
  }

  /** Counts a price unless that would exceed the allowance; returns whether it was counted. */
  async spend(id: string, price: Price, allowed: Allowance): Promise<boolean> {
    let within = false
    await this.update(id, (account) => {
      const spentBits = account.spentBits + price.bits
      const scores = account.scores + (price.scores ?? 0)
      within = spentBits <= allowed.bits + tolerance && scores <= (allowed.scores ?? Infinity)
      return within ? { ...account, spentBits, scores } : account
    })
    return within
  }

  /** Takes back what was counted for an answer that told less, or nothing. */
  async giveBack(id: string, { bits, scores = 0 }: Price): Promise<void> {
    await this.update(id, (account) => ({
      ...account,
      spentBits: Math.max(0, account.spentBits - bits),
      scores: Math.max(0, account.scores - scores),
    }))
  }

  /** Notes a passed audit, or a caught edge with what it got before on average. */
  async noteAudit(id: string, caught?: { readonly token: string; readonly bits: number }): Promise<void> {
    await this.update(id, (account) => {
      const { passed, failed } = account.audits
      if (!caught) return { ...account, audits: { passed: passed + 1, failed } }
      const { token, bits } = caught
      return {
        ...account,
        spentBits: account.spentBits + bits,
        audits: { passed, failed: failed + 1 },
        blocked: account.blocked.some((edge) => edge.token === token)
          ? account.blocked
          : [...account.blocked, { token, since: new Date().toISOString() }],
      }
    })
  }

  /** One change after another, of whichever process. @throws UserError in-use, not-writable, disk-full */
  async update(id: string, change: Change): Promise<Account> {
    return await getOrMake(this.#changes, id, () => new Batched((all) => this.#change(id, all))).add(change)
  }

  /** The account after each change. */
  async #change(id: string, changes: readonly Change[]): Promise<Account[]> {
    const path = this.#path(id)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeProblem(error, this.#folder)
    })
    return await withLock(path, waitMs, async () => {
      const before = await this.read(id)
      let account = before
      const states = changes.map((change) => (account = change(account)))
      if (account === before) return states
      const text = encodeAccount(account)
      await writeAtomically(path, { force: true, mode: 0o600 }, (file) => file.writeFile(text))
      return states
    })
  }

  async #find(id: string): Promise<Account | undefined> {
    const text = await readFile(this.#path(id), 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
    return text === undefined ? undefined : decodeAccount(text, this.#path(id))
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`)
  }
}

export const encodeAccount = (account: Account): string => `${JSON.stringify(account, null, 2)}\n`

/** @throws UserError damaged-key-store */
export function decodeAccount(text: string, file: string): Account {
  try {
    return accountSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError('damaged-key-store', `${file} is not the account of a deployment.`, {
      where: { file },
      hint: 'It counts what answers gave away. Without it, treat the deployment as spent and export again.',
      cause,
    })
  }
}

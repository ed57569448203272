import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import { isRunning, syncFolder, writeAtomically, writeProblem } from '../files/write-atomically.ts'
import { generateIdentity, lockSecret, type Lock } from './age.ts'
import { Ledger } from './budget/ledger.ts'
import { decodeDeployment, encodeDeployment, type Deployment } from './deployment.ts'
import { kindOfRecipients } from './recipients.ts'

export const RECORD_NAME = 'deployment.json'
/** The secret that opens a deployment's other secrets. */
export const IDENTITY_NAME = 'identity'
const deploymentName = /^[0-9a-f]{32}$/
/** A deployment being written: its id, then the process that writes it. */
const draftName = /^\.[0-9a-f]{32}\.part-(\d+)$/
const privateFile = { mode: 0o600 }
const privateFolder = { mode: 0o700, recursive: true }

/**
 * A folder with one folder per deployment: `deployment.json`, `plan-<segment>.json`, and secrets as age files
 * (`<name>.age`) that the age tool can open too. The passphrase or the owner's recipients lock one of them, the
 * deployment's own age identity, to which the others are encrypted. Files are 0600. Beside them, `budget/` counts what
 * each deployment has given away.
 */
export class KeyStore {
  readonly folder: string
  /** What each deployment has given away. */
  readonly ledger: Ledger
  /** As they were when last read. */
  readonly #records = new Map<string, { readonly state: string; readonly record: Deployment }>()

  constructor(folder: string) {
    this.folder = folder
    this.ledger = new Ledger(folder)
  }

  /** Newest first; an absent folder is an empty store. */
  async list(): Promise<Deployment[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw writeProblem(error, this.folder)
    })
    const deployments = await Promise.all(names.filter((name) => deploymentName.test(name)).map((id) => this.read(id)))
    return deployments.sort((a, b) => b.created.localeCompare(a.created))
  }

  /**
   * As it is on disk now: a gateway asks for each answer, and decodes a record again once its file is another.
   * @throws UserError unknown-deployment, damaged-key-store
   */
  async read(id: string): Promise<Deployment> {
    const state = await this.#stateOf(id)
    const known = this.#records.get(id)
    if (known?.state === state) return known.record
    const text = new TextDecoder().decode(await this.readFile(id, RECORD_NAME))
    const record = decodeDeployment(text, this.path(id, RECORD_NAME))
    this.#records.set(id, { state, record })
    return record
  }

  /** Differs between any two contents of a record, each of which is a file of its own. */
  async #stateOf(id: string): Promise<string> {
    if (!deploymentName.test(id)) throw unknownDeployment(id)
    const { ino, size, mtimeNs, ctimeNs } = await stat(this.path(id, RECORD_NAME), { bigint: true }).catch(absent(id))
    return [ino, size, mtimeNs, ctimeNs].join(' ')
  }

  /** @throws UserError unknown-deployment */
  async readFile(id: string, name: string): Promise<Uint8Array> {
    if (!deploymentName.test(id)) throw unknownDeployment(id)
    return await readFile(this.path(id, name)).catch(absent(id))
  }

  async has(id: string, name: string): Promise<boolean> {
    return await access(this.path(id, name)).then(
      () => true,
      () => false,
    )
  }

  /** Starts a deployment that exists for others only once it is committed. Removes what killed processes left. */
  async draft(id: string): Promise<DeploymentDraft> {
    try {
      await mkdir(this.folder, privateFolder)
      for (const name of await readdir(this.folder)) {
        const writer = draftName.exec(name)
        if (writer && !isRunning(Number(writer[1]))) await rm(join(this.folder, name), { recursive: true })
      }
      const folder = join(this.folder, `.${id}.part-${process.pid}`)
      await mkdir(folder, privateFolder)
      return new DeploymentDraft(folder, join(this.folder, id))
    } catch (error) {
      throw writeProblem(error, this.folder)
    }
  }

  async update(deployment: Deployment): Promise<void> {
    await this.read(deployment.id)
    await writeAtomically(this.path(deployment.id, RECORD_NAME), { force: true, ...privateFile }, async (file) => {
      await file.writeFile(encodeDeployment(deployment))
    })
  }

  /** The deployment whose id begins so. @throws UserError unknown-deployment */
  async find(prefix: string): Promise<Deployment> {
    const [found, ...others] = (await this.list()).filter(({ id }) => prefix.length >= 4 && id.startsWith(prefix))
    if (!found || others.length > 0) throw unknownDeployment(prefix)
    return found
  }

  /** From now on its results are refused; nothing is deleted. */
  async revoke(id: string): Promise<Deployment> {
    const deployment = await this.read(id)
    const revoked = { ...deployment, revoked: deployment.revoked ?? new Date().toISOString() }
    await this.update(revoked)
    return revoked
  }

  /**
   * Deletes a deployment and its keys: its results can never be opened again. Secrets are overwritten first,
   * which journals and flash memory may defeat; they are age files all the same.
   */
  async destroy(id: string): Promise<void> {
    await this.read(id)
    const folder = join(this.folder, id)
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.age')) continue
      const { size } = await stat(join(folder, name))
      await writeFile(join(folder, name), new Uint8Array(size), { flag: 'r+', flush: true })
    }
    await rm(folder, { recursive: true })
  }

  path(id: string, name: string): string {
    return join(this.folder, id, name)
  }
}

/** The files of a deployment under a temporary name. */
export class DeploymentDraft {
  readonly #folder: string
  readonly #final: string
  #recipient: Promise<string> | undefined

  constructor(folder: string, final: string) {
    this.#folder = folder
    this.#final = final
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    const path = join(this.#folder, name)
    try {
      await writeFile(path, content, { ...privateFile, flush: true })
    } catch (error) {
      throw writeProblem(error, path)
    }
  }

  /** `lock` is for the deployment's identity, which is made with its first secret. */
  async writeSecret(name: string, secret: Uint8Array, lock: Lock): Promise<void> {
    this.#recipient ??= this.#writeIdentity(lock)
    await this.write(`${name}.age`, await lockSecret(secret, { recipients: [await this.#recipient] }))
  }

  /** As strong as what locks it. The recipient is kept nowhere. */
  async #writeIdentity(lock: Lock): Promise<string> {
    const kind = 'recipients' in lock ? kindOfRecipients(lock.recipients) : 'classic'
    const { identity, recipient } = await generateIdentity(kind)
    const file = new TextEncoder().encode(`${identity}\n`)
    await this.write(`${IDENTITY_NAME}.age`, await lockSecret(file, lock).finally(() => file.fill(0)))
    return recipient
  }

  async commit(deployment: Deployment): Promise<void> {
    await this.write(RECORD_NAME, encodeDeployment(deployment))
    await rename(this.#folder, this.#final)
    await syncFolder(join(this.#final, '..'))
  }

  /** Removes the deployment, committed or not. */
  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
    await rm(this.#final, { recursive: true, force: true })
  }
}

const absent =
  (id: string) =>
  (cause: unknown): never => {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? unknownDeployment(id) : cause
  }

const unknownDeployment = (id: string): UserError =>
  new UserError('unknown-deployment', `The key store holds no deployment ${id.slice(0, 64)}.`)

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../core/errors.ts'
import { isRunning, syncFolder, writeAtomically, writeProblem } from '../files/write-atomically.ts'
import { lockSecret, unlockSecret, type Lock, type Unlock } from './age.ts'
import { decodeDeployment, encodeDeployment, type Deployment } from './deployment.ts'

const recordName = 'deployment.json'
const deploymentName = /^[0-9a-f]{32}$/
/** A deployment being written: its id, then the process that writes it. */
const draftName = /^\.[0-9a-f]{32}\.part-(\d+)$/
const privateFile = { mode: 0o600 }
const privateFolder = { mode: 0o700, recursive: true }

/**
 * A folder with one folder per deployment: `deployment.json`, `plan-<segment>.json`, and secrets as age files
 * (`<name>.age`) that the age tool can open too. Files are 0600.
 */
export class KeyStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Newest first; an absent folder is an empty store. */
  async list(): Promise<Deployment[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw writeProblem(error, this.folder)
    })
    const deployments = await Promise.all(names.filter((name) => deploymentName.test(name)).map((id) => this.read(id)))
    return deployments.sort((a, b) => b.created.localeCompare(a.created))
  }

  /** Throws UserError 'unknown-deployment', 'damaged-key-store'. */
  async read(id: string): Promise<Deployment> {
    return decodeDeployment(new TextDecoder().decode(await this.readFile(id, recordName)), this.path(id, recordName))
  }

  /** Throws UserError 'unknown-deployment'. */
  async readFile(id: string, name: string): Promise<Uint8Array> {
    if (!deploymentName.test(id)) throw unknownDeployment(id)
    return await readFile(this.path(id, name)).catch((cause) => {
      if (cause.code === 'ENOENT') throw unknownDeployment(id)
      throw cause
    })
  }

  /** Throws UserError 'unknown-deployment', 'wrong-passphrase'. */
  async readSecret(id: string, name: string, unlock: Unlock): Promise<Uint8Array> {
    return await unlockSecret(await this.readFile(id, `${name}.age`), unlock)
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
    await writeAtomically(this.path(deployment.id, recordName), { force: true, ...privateFile }, async (file) => {
      await file.writeFile(encodeDeployment(deployment))
    })
  }

  path(id: string, name: string): string {
    return join(this.folder, id, name)
  }
}

/** The files of a deployment under a temporary name. */
export class DeploymentDraft {
  readonly #folder: string
  readonly #final: string

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

  async writeSecret(name: string, secret: Uint8Array, lock: Lock): Promise<void> {
    await this.write(`${name}.age`, await lockSecret(secret, lock))
  }

  async commit(deployment: Deployment): Promise<void> {
    await this.write(recordName, encodeDeployment(deployment))
    await rename(this.#folder, this.#final)
    await syncFolder(join(this.#final, '..'))
  }

  /** Removes the deployment, committed or not. */
  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
    await rm(this.#final, { recursive: true, force: true })
  }
}

const unknownDeployment = (id: string): UserError =>
  new UserError('unknown-deployment', `The key store holds no deployment ${id.slice(0, 64)}.`)

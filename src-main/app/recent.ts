/** Files opened before, newest first, in a file of the person's profile. What no longer exists is left out. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import type { RecentView } from '../ipc/views.ts'

const most = 12
const recentFile = z.array(z.strictObject({ path: z.string().min(1), opened: z.iso.datetime() })).max(100)
type Recent = z.infer<typeof recentFile>[number]

export class RecentFiles {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  async views(): Promise<RecentView[]> {
    const files = await this.#read()
    return files.map(({ path, opened }) => ({ fileName: basename(path), folder: basename(dirname(path)), opened }))
  }

  /** @throws UserError file-not-found */
  async at(place: number): Promise<string> {
    const found = (await this.#read())[place]
    if (!found) throw new UserError('file-not-found', 'That file is no longer there.')
    return found.path
  }

  /** Keeps going where the profile cannot be written: the list is a convenience. */
  async note(path: string): Promise<void> {
    const others = (await this.#read()).filter((recent) => recent.path !== path)
    const files = [{ path, opened: new Date().toISOString() }, ...others].slice(0, most)
    await writeAtomically(this.#file, { force: true, mode: 0o600 }, async (file) => {
      await file.writeFile(JSON.stringify(files))
    }).catch(() => {})
  }

  async #read(): Promise<Recent[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '[]')
    const files = recentFile.safeParse(parsed(text)).data ?? []
    const exist = await Promise.all(files.map(({ path }) => stat(path).then((found) => found.isFile(), () => false))) // prettier-ignore
    return files.filter((_, place) => exist[place])
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The project that is open. Every network's choices and results are kept in the profile, whether or not the person saves them somewhere. */
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { app } from 'electron'
import { UserError } from '../core/errors.ts'
import type { Opened, ProjectView } from '../ipc/views.ts'
import { looksLikeData } from './data-extensions.ts'
import { bytesOf, loadProject, saveProject } from './project-file.ts'
import { choiceWords, Project } from './project.ts'
import type { RecentFiles } from './recent.ts'
import { keepResult, keptResults, viewOfResult, type ResultFile } from './results.ts'
import type { JobStarter, Keeping } from './start-job.ts'

export interface ProjectSurroundings {
  readonly starter: JobStarter
  readonly recent: RecentFiles
  /** Asks, where work is running that would be stopped. */
  readonly mayLeaveWork: (forWhat: string) => boolean
}

export class OpenProject {
  readonly #surroundings: ProjectSurroundings
  #project: Project | undefined
  /** Where the person saved the project. */
  #file: string | undefined

  constructor(surroundings: ProjectSurroundings) {
    this.#surroundings = surroundings
  }

  get known(): Project | undefined {
    return this.#project
  }

  /** @throws UserError no-project */
  get current(): Project {
    if (!this.#project) throw new UserError('no-project', 'Open a network first.')
    return this.#project
  }

  /** A network, project, bundle or result; null where the person stays. @throws UserError what the file says */
  async file(path: string): Promise<Opened | null> {
    const opened = await this.#openAny(path)
    if (opened) await this.#surroundings.recent.note(path)
    return opened
  }

  /** With the choices that were made for the same network before. */
  async fresh(fresh: Project): Promise<Opened | null> {
    return await this.#open(await loadProject(autosaveOf(fresh)).catch(() => fresh))
  }

  /** What was opened stays in the profile. */
  async close(): Promise<void> {
    await this.#replace(undefined)
  }

  async saveAs(path: string): Promise<void> {
    await saveProject(this.current, path)
    this.#file = path
    await this.#surroundings.recent.note(path)
  }

  /** After every choice the project is kept: where it is found again after a crash, and where the person saved it. */
  async change(change: (project: Project) => void): Promise<ProjectView> {
    change(this.current)
    await this.#keep()
    return this.current.view
  }

  /** What jobs found out about the network, newest first. */
  async results(): Promise<ResultFile[]> {
    return await keptResults(resultsOf(this.current))
  }

  /** Keeps what a job finds out with the choices that are made now: those with which it is started. */
  keeping(): Keeping {
    const opened = this.#project
    const about = opened && { version: app.getVersion(), made: opened.made, choices: choiceWords(opened.choices) }
    return {
      test: async (test) => {
        if (this.#project) await this.change((project) => project.noteTest(test))
      },
      result: async (job, value, path) => {
        if (!opened || !about) return
        await keepResult(resultsOf(opened), { job, when: new Date().toISOString(), ...about, value, path })
      },
    }
  }

  async #openAny(path: string): Promise<Opened | null> {
    const { starter } = this.#surroundings
    if (/\.sealed$/i.test(path)) {
      await bytesOf(path)
      starter.openedBundle = path
      return { kind: 'bundle', fileName: basename(path) }
    }
    if (/\.result$/i.test(path)) {
      await bytesOf(path)
      starter.openedResult = path
      return { kind: 'result', fileName: basename(path) }
    }
    if (/\.sealproj$/i.test(path)) return await this.#open(await loadProject(path), path)
    if (looksLikeData(path)) throw dataOnNoRow(basename(path), this.#project !== undefined)
    return await this.fresh(new Project('file', path, await bytesOf(path)))
  }

  /** Looks into the network first: what cannot be opened changes nothing. */
  async #open(next: Project, savedAt?: string): Promise<Opened | null> {
    const { starter, mayLeaveWork } = this.#surroundings
    const inspection = await starter.inspect(next.model)
    if (!mayLeaveWork(`Opening ${basename(savedAt ?? next.model)}`)) return null
    await this.#replace(next, savedAt)
    await this.#keep()
    const results = await this.results()
    starter.exported = results.find(({ job }) => job === 'protect')?.path
    return { kind: 'project', project: next.view, inspection, results: results.map(viewOfResult) }
  }

  async #replace(next: Project | undefined, savedAt?: string): Promise<void> {
    await this.#surroundings.starter.forget()
    this.#project = next
    this.#file = savedAt
  }

  async #keep(): Promise<void> {
    await saveProject(this.current, autosaveOf(this.current))
    if (this.#file !== undefined) await saveProject(this.current, this.#file)
  }
}

function inProfile({ model }: Project): string {
  const name = createHash('sha256').update(model).digest('hex').slice(0, 32)
  return join(app.getPath('userData'), 'projects', name)
}
const autosaveOf = (project: Project): string => `${inProfile(project)}.sealproj`
const resultsOf = (project: Project): string => `${inProfile(project)}.results`

function dataOnNoRow(name: string, isOpen: boolean): UserError {
  const rows = 'on their row of the data panel, on Advice, Activations, Accuracy or Test'
  const hint = isOpen ? `Drop it ${rows}.` : `Open the network first, then drop it ${rows}.`
  return new UserError('data-on-no-row', `${name} looks like samples or labels.`, { hint })
}

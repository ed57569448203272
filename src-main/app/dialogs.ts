/** The operating system's dialogs; undefined where the person closed them. */
import { join } from 'node:path'
import { app, dialog } from 'electron'
import type { BrowserWindow, OpenDialogOptions } from 'electron'

export class Dialogs {
  readonly #window: () => BrowserWindow | undefined

  constructor(window: () => BrowserWindow | undefined) {
    this.#window = window
  }

  async open(options: OpenDialogOptions): Promise<string | undefined> {
    const parent = this.#window()
    const answer = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options))
    return answer.canceled ? undefined : answer.filePaths[0]
  }

  /** Whether running work may be stopped for what the person is about to do. */
  mayStop(work: readonly string[], forWhat: string): boolean {
    const parent = this.#window()
    const options = {
      type: 'question' as const,
      message: `${work.join(' and ')} ${work.length > 1 ? 'are' : 'is'} still running.`,
      detail: `${forWhat} stops the work, and what it has done so far is lost.`,
      buttons: ['Keep working', 'Stop it'],
      defaultId: 0,
      cancelId: 0,
    }
    return (parent ? dialog.showMessageBoxSync(parent, options) : dialog.showMessageBoxSync(options)) === 1
  }

  async save(title: string, name: string): Promise<string | undefined> {
    const parent = this.#window()
    const options = { title, defaultPath: join(app.getPath('documents'), name) }
    const answer = await (parent ? dialog.showSaveDialog(parent, options) : dialog.showSaveDialog(options))
    return answer.canceled || !answer.filePath ? undefined : answer.filePath
  }
}

/** What a person does with the window. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { root } from './window.ts'
import type { OpenWindow } from './window.ts'

export const trained = (name: string): string => join(root, 'test', 'models', 'trained', name)
export const asset = (name: string): string => join(root, 'assets', name)

export class Driver {
  readonly app: OpenWindow

  constructor(app: OpenWindow) {
    this.app = app
  }

  button(name: string | RegExp): Locator {
    return this.app.page.getByRole('button', { name, exact: true })
  }

  async go(stage: string): Promise<void> {
    await this.app.page.getByRole('navigation', { name: 'Stages' }).getByRole('button', { name: stage }).click()
  }

  /** Answers the next file dialogs; null closes them. */
  async choose(path: string | null): Promise<void> {
    await this.app.application.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = async () => ({ canceled: chosen === null, filePaths: chosen === null ? [] : [chosen] })
      dialog.showSaveDialog = async () => ({ canceled: chosen === null, filePath: chosen ?? '' })
    }, path)
  }

  async menu(label: string): Promise<void> {
    // Before the page is there, nobody hears the menu.
    await this.app.page.getByRole('navigation', { name: 'Stages' }).waitFor()
    await this.app.application.evaluate(({ Menu }, wanted) => {
      const items = Menu.getApplicationMenu()!.items.flatMap(({ submenu }) => submenu?.items ?? [])
      items.find((item) => item.label.replace('&', '') === wanted)!.click()
    }, label)
  }

  async open(path: string): Promise<void> {
    await this.choose(path)
    await this.menu('Open…')
  }

  /** Lets go of a file over a part of the window, as from the desktop. */
  async drop(path: string, on: Locator): Promise<void> {
    await on.scrollIntoViewIfNeeded()
    const box = (await on.boundingBox())!
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    const session = await this.app.page.context().newCDPSession(this.app.page)
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      const data = { items: [], files: [path], dragOperationsMask: 1 }
      await session.send('Input.dispatchDragEvent', { type, x, y, data })
    }
    await session.detach()
  }

  /** Answers whether running work may be stopped; the questions that were asked are told by `questions`. */
  async answer(stop: boolean): Promise<void> {
    await this.app.application.evaluate(
      ({ dialog }, button) => {
        const asked: string[] = []
        Object.assign(globalThis, { asked })
        dialog.showMessageBoxSync = ((...args: unknown[]) => {
          asked.push((args.at(-1) as { message: string }).message)
          return button
        }) as typeof dialog.showMessageBoxSync
      },
      stop ? 1 : 0,
    )
  }

  questions(): Promise<string[]> {
    return this.app.application.evaluate(() => (globalThis as unknown as { asked: string[] }).asked)
  }

  /** As the operating system opens a file with the application that is already running. */
  async openByAssociation(path: string): Promise<void> {
    await this.app.application.evaluate(({ app }, file) => void app.emit('second-instance', {}, ['sealwright', file], '/'), path) // prettier-ignore
  }

  /** The text of one fact, such as 'Ring degree'. */
  fact(name: string): Locator {
    return this.app.page.locator('dl > div', { hasText: name }).locator('dd')
  }

  /** How many fits were made and kept since the profile began. */
  async fits(): Promise<number> {
    const kept = await readdir(join(this.app.profile, 'fits')).catch(() => [])
    return kept.filter((name) => name.endsWith('.fit')).length
  }

  get alert(): Locator {
    return this.app.page.getByRole('alert')
  }
}

import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWindow, root } from './window.ts'
import type { OpenWindow } from './window.ts'

let app: OpenWindow
beforeAll(async () => {
  app = await openWindow()
})
afterAll(async () => {
  await app?.close()
})

const button = (name: string | RegExp) => app.page.getByRole('button', { name, exact: true })
const screenshot = async (name: string): Promise<void> => {
  await mkdir(join(root, 'test-results'), { recursive: true })
  await app.page.screenshot({ path: join(root, 'test-results', `${name}.png`) })
}

/** Answers the next file dialog, as a person would. */
const chooseFile = (path: string | null): Promise<void> =>
  app.application.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: chosen === null, filePaths: chosen === null ? [] : [chosen] })
  }, path)

/** Processes that the application started and that run Sealwright's own sources. */
function engineProcesses(): string[] {
  const processes = execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' }).split('\n')
  const children = new Set([String(app.pid)])
  const found: string[] = []
  for (const line of processes) {
    const [pid, parent, ...words] = line.trim().split(/\s+/)
    if (!children.has(parent)) continue
    children.add(pid)
    if (words.join(' ').includes('src-main')) found.push(line)
  }
  return found
}

describe('the desktop application', () => {
  it('refuses a file that is not ONNX, says why, and goes on', async () => {
    const wrong = join(app.temporaryFolder, 'notes.onnx')
    await writeFile(wrong, 'These are notes, not a network.')
    await chooseFile(wrong)
    await button('Open an ONNX file…').click()
    const alert = app.page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('not-onnx')
    await screenshot('wrong-file')
    expect(engineProcesses()).toEqual([])
  })

  it('keeps what is open when the person closes the file dialog', async () => {
    await chooseFile(null)
    await button('Open another file…').click()
    expect(await app.page.getByRole('alert').count()).toBe(1)
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from './accessibility.ts'
import { mnist } from '../support/mnist.ts'
import { npyFile } from '../support/npy.ts'
import { Driver, trained } from './driver.ts'
import { firstOpenMs, openWindow, root } from './window.ts'
import type { OpenWindow } from './window.ts'

/** On two idle cores the whole takes about a minute. */
const trialMs = 400_000

let app: OpenWindow
/** Enough to hold some out, which tell what is kept; a thousand would only take longer. */
let samples: string
beforeAll(async () => {
  app = await openWindow()
  samples = join(app.temporaryFolder, 'samples.npy')
  await writeFile(samples, npyFile([96, 1, 28, 28], mnist('train', 96).pixels))
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

const button = (name: string) => app.page.getByRole('button', { name, exact: true })
const stage = (name: string) => app.page.getByRole('navigation', { name: 'Stages' }).getByRole('button', { name })
const screenshot = async (name: string): Promise<void> => {
  await mkdir(join(root, 'test-results'), { recursive: true })
  await app.page.screenshot({ path: join(root, 'test-results', `${name}.png`) })
}

/** Answers the next file dialogs, as a person would; null closes them. */
const chooseFile = (path: string | null): Promise<void> =>
  app.application.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: chosen === null, filePaths: chosen === null ? [] : [chosen] })
  }, path)

/** Descendants of the application that run Sealwright's own sources: engines, and the edges they start. */
function engineProcesses(): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n')
  const processes = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)!.slice(1))
  const family = new Set([String(app.pid)])
  for (let grown = 0; grown !== family.size;) {
    grown = family.size
    for (const [pid, parent] of processes) if (family.has(parent)) family.add(pid)
  }
  return processes.filter(([pid, , words]) => family.has(pid) && words.includes('src-main')).map(([, , words]) => words)
}

/** Longest pause of the page's own thread and of main's, in milliseconds, until the function that it returns is called. */
async function watchResponsiveness(): Promise<() => Promise<{ page: number; main: number }>> {
  const watch = () => {
    const state = { longest: 0, last: performance.now() }
    setInterval(() => {
      const now = performance.now()
      state.longest = Math.max(state.longest, now - state.last)
      state.last = now
    }, 10)
    Object.assign(globalThis, { pauses: state })
  }
  const read = () => (globalThis as unknown as { pauses: { longest: number } }).pauses.longest
  await app.page.evaluate(watch)
  await app.application.evaluate(watch)
  return async () => ({ page: await app.page.evaluate(read), main: await app.application.evaluate(read) })
}

describe('the desktop application', () => {
  it('refuses a file that is not ONNX, says why, and goes on', async () => {
    const wrong = join(app.temporaryFolder, 'notes.onnx')
    await writeFile(wrong, 'These are notes, not a network.')
    await chooseFile(wrong)
    expect(await violations(app.page)).toEqual([])
    await button('Open an ONNX or TFLite file…').click()
    const alert = app.page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('not-onnx')
    expect(await violations(app.page)).toEqual([])
    // What cannot be opened changes nothing, and enters no list.
    expect(await app.page.locator('.recent').count()).toBe(0)
    await chooseFile(null)
    await button('Open an ONNX or TFLite file…').click()
    await alert.waitFor({ state: 'hidden' })
    expect(engineProcesses()).toEqual([])
  })

  it('shows the sample’s layers with their shapes, and the depth', async () => {
    await app.application.evaluate(({ Menu }) => Menu.getApplicationMenu()!.items[0].submenu!.items[1].click())
    await app.page.getByText('Every node can be protected.').waitFor()
    const graph = app.page.getByRole('group', { name: 'original network' })
    await graph.getByText('1 × 6 × 28 × 28 · 156').waitFor()
    expect(await app.page.getByText('activation: becomes polynomials').count()).toBe(1)
    await graph.getByText('Conv', { exact: true }).first().click()
    const panel = app.page.getByRole('complementary', { name: 'Selected node' })
    expect(await panel.textContent()).toMatch(/Kernel\s*5 × 5\s*Stride\s*1 × 1\s*Padding\s*2 × 2 × 2 × 2/)
    const search = app.page.getByLabel('Find a node')
    await search.fill('relu')
    await app.page.getByText('1 of 4', { exact: true }).waitFor()
    await button('Next').click()
    await app.page.getByText('2 of 4', { exact: true }).waitFor()
    await search.fill('')
    expect(await violations(app.page)).toEqual([])
    await app.page.getByText('Side by side').click()
    const other = app.page.getByRole('group', { name: 'normalised network' }).locator('.svelte-flow__viewport')
    await other.waitFor()
    const before = await other.getAttribute('style')
    const pane = (await graph.boundingBox())!
    await app.page.mouse.move(pane.x + 10, pane.y + pane.height / 2)
    await app.page.mouse.down()
    await app.page.mouse.move(pane.x + 60, pane.y + pane.height / 2 - 40, { steps: 5 })
    await app.page.mouse.up()
    await expect.poll(() => other.getAttribute('style')).not.toBe(before)
    await app.page.getByText('Table', { exact: true }).click()
    const rows = await app.page.getByRole('table', { name: 'Layers' }).getByRole('row').allTextContents()
    expect(rows.filter((row) => row.includes('Conv'))).toHaveLength(2)
    expect(rows.filter((row) => row.includes('Gemm'))).toHaveLength(3)
    expect(await app.page.locator('dl', { hasText: 'Multiplicative depth' }).textContent()).toMatch(/depth\s*9/)
  })

  it('fits polynomials and plots them with what they stand for', { timeout: trialMs }, async () => {
    await stage('Accuracy').click()
    const row = app.page.getByRole('group', { name: 'Calibration data', exact: true })
    await row.getByText('calibration.npz').waitFor()
    await chooseFile(samples)
    await button('File… for Calibration data').click()
    await row.getByText('samples.npy').waitFor()
    await stage('Activations').click()
    await button('Fit polynomials').click()
    await app.page.getByRole('img', { name: /Relu and its polynomials/ }).waitFor({ timeout: trialMs })
    expect(await app.page.getByRole('list', { name: 'Activations' }).getByRole('button').count()).toBe(4)
    const kept = await app.page.locator('dl > div', { hasText: 'Labels kept' }).locator('dd').textContent()
    expect(Number.parseFloat(kept!)).toBeGreaterThan(95)
    await screenshot('activations')
    expect(await violations(app.page)).toEqual([])
  })

  it('cancels a run, and leaves neither a process nor a file behind', { timeout: trialMs }, async () => {
    await stage('Test').click()
    await button('Seal and run').click()
    await app.page.getByText('Encrypting weights').first().waitFor({ timeout: trialMs })
    expect(engineProcesses().length).toBeGreaterThan(0)
    await button('Cancel Sealing and running').click()
    await app.page.getByText('Cancelled. Nothing was left behind.').waitFor({ timeout: 20_000 })
    expect(engineProcesses()).toEqual([])
    const trials = join(app.profile, 'trials')
    expect(existsSync(trials) ? await readdir(trials) : []).toEqual([])
    expect((await readdir(app.temporaryFolder)).filter((name) => name.startsWith('sealwright'))).toEqual([])
  })

  it('seals, runs and compares the sample, and stays responsive meanwhile', { timeout: trialMs }, async () => {
    const pauses = await watchResponsiveness()
    await button('Seal and run').click()
    await button('Cancel Sealing and running').waitFor()
    const table = app.page.getByRole('table', { name: 'Comparison' })
    await table.waitFor({ timeout: trialMs })
    const rows = await table.locator('tbody tr').all()
    const labels = await Promise.all(rows.map((row) => row.locator('td.label').allTextContents()))
    expect(labels.map(([truth]) => truth)).toEqual(['7', '2', '1'])
    for (const [, original, polynomial, encrypted] of labels) {
      expect(encrypted).toBe(polynomial)
      expect(polynomial).toBe(original)
    }
    await screenshot('app')
    const { page, main } = await pauses()
    console.log(`longest pause while sealing and running: page ${page.toFixed(0)} ms, main ${main.toFixed(0)} ms`)
    expect(page).toBeLessThan(1000)
    expect(main).toBeLessThan(1000)
    expect(engineProcesses()).toEqual([])
    expect(await violations(app.page)).toEqual([])
  })

  it('computes on a drawn digit under encryption', { timeout: trialMs }, async () => {
    const pad = app.page.getByLabel('Drawing pad')
    await pad.scrollIntoViewIfNeeded()
    const { x, y } = (await pad.boundingBox())!
    const seven = [[60, 50], [160, 50], [100, 190]] as const // prettier-ignore
    await app.page.mouse.move(x + seven[0][0], y + seven[0][1])
    await app.page.mouse.down()
    for (const [right, down] of seven) await app.page.mouse.move(x + right, y + down, { steps: 10 })
    await app.page.mouse.up()
    await button('Run encrypted').click()
    const answer = app.page.locator('.answer')
    await answer.getByText(/s at the edge/).waitFor({ timeout: trialMs })
    expect(await answer.locator('strong').allTextContents()).toEqual(['7', '7', '7'])
    await screenshot('drawing')
  })

  it(
    'takes an own network from its file to a bundle in eight clicks and two typed fields',
    { timeout: trialMs },
    async () => {
      const person = new Driver(app)
      await person.menu('Close')
      await button('Open the sample').waitFor()
      // In the dialogs it is one click each: Open or Save.
      await app.application.evaluate(
        ({ dialog }, files) => {
          Object.assign(globalThis, { dialogs: 0 })
          const count = () => void (globalThis as unknown as { dialogs: number }).dialogs++
          dialog.showOpenDialog = async () => (count(), { canceled: false, filePaths: [files.shift()!] })
          dialog.showSaveDialog = async () => (count(), { canceled: false, filePath: files.shift()! })
        },
        [trained('mnist_cryptonets_relu.onnx'), samples, join(app.temporaryFolder, 'eight.sealed')],
      )
      await app.page.evaluate(() => {
        const counts = { clicks: 0, fields: new Set<EventTarget | null>() }
        addEventListener('click', ({ isTrusted }) => void (isTrusted && counts.clicks++), true)
        addEventListener('input', ({ target }) => void counts.fields.add(target), true)
        Object.assign(globalThis, { counts })
      })
      await button('Open an ONNX or TFLite file…').click()
      await app.page.getByText('Every node can be protected.').waitFor()
      await stage('Export').click()
      await button('File… for Calibration data').click()
      await app.page.getByText('samples.npy').waitFor()
      await app.page.getByLabel('Passphrase of the key').click()
      await app.page.keyboard.type('a passphrase for a test')
      await app.page.keyboard.press('Tab')
      await app.page.keyboard.type('a passphrase for a test')
      await button('Export…').click()
      await app.page.getByText('eight.sealed is ready for the edge').waitFor({ timeout: trialMs })
      const dialogs = await app.application.evaluate(() => (globalThis as unknown as { dialogs: number }).dialogs)
      const { clicks, fields } = await app.page.evaluate(() => {
        const { counts } = globalThis as unknown as { counts: { clicks: number; fields: Set<EventTarget | null> } }
        return { clicks: counts.clicks, fields: counts.fields.size }
      })
      expect(clicks + dialogs).toBe(8)
      expect(fields).toBe(2)

      // The export is kept, beside others and in a chart of what each keeps and takes.
      await stage('Advice').click()
      await app.page.getByText(/^Results of this network: /).click()
      await app.page.getByRole('heading', { name: 'What each export keeps, against time at the edge' }).waitFor()
      await app.page.locator('.chart circle').first().hover()
      await app.page.getByText(/keeps .* of the labels .*\sms, .*\sMB/).waitFor()
    },
  )
})

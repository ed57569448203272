import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from './accessibility.ts'
import { firstOpenMs, openWindow, root } from './window.ts'
import type { OpenWindow } from './window.ts'

const longMs = 300_000
const passphrase = 'a passphrase for a test'

let app: OpenWindow
let bundle: string
beforeAll(async () => {
  app = await openWindow({ colorScheme: 'dark' })
  bundle = join(app.temporaryFolder, 'mine.sealed')
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

const button = (name: string) => app.page.getByRole('button', { name, exact: true })
const stage = (name: string) => app.page.getByRole('navigation', { name: 'Stages' }).getByRole('button', { name })

/** Answers the next file dialogs. */
const choose = (path: string): Promise<void> =>
  app.application.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] })
    dialog.showSaveDialog = async () => ({ canceled: false, filePath: chosen })
  }, path)

describe('a network of one’s own', () => {
  it('is refused with every node that stands in the way', async () => {
    await choose(join(root, 'test', 'models', 'hostile', 'warn_op_gru.onnx'))
    await button('Open an ONNX file…').click()
    const refused = app.page.getByRole('table', { name: 'Unsupported nodes' })
    await refused.waitFor()
    expect(await refused.textContent()).toContain('GRU')
    await stage('Test').click()
    expect(await button('Seal and run').isDisabled()).toBe(true)
    await stage('Export').click()
    expect(await button('Export…').isDisabled()).toBe(true)
  })

  it('opens from the menu, and tells at once what protecting it will cost', async () => {
    await choose(join(root, 'test', 'models', 'trained', 'mnist_cryptonets_relu.onnx'))
    await app.application.evaluate(({ Menu }) => Menu.getApplicationMenu()!.items[0].submenu!.items[0].click())
    await app.page.getByText('Every node can be protected.').waitFor()
    await stage('Export').click()
    const forecast = app.page.locator('dl > div', { hasText: 'Ring degree' })
    await forecast.waitFor({ timeout: longMs })
    expect(await forecast.locator('dd').textContent()).toBe('8\u2009192')
  })

  it('says what is wrong with calibration data, and can undo the choice', async () => {
    await choose(join(root, 'package.json'))
    await button('File… for Calibration data').click()
    await app.page.getByText('package.json').waitFor()
    await stage('Activations').click()
    await button('Fit polynomials').click()
    const alert = app.page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain('unsupported-data-format')
    await app.application.evaluate(({ Menu }) => Menu.getApplicationMenu()!.items[1].submenu!.items[0].click())
    await app.page.getByText('None yet').waitFor()
  })

  it('is exported under a passphrase, signed, and kept as a deployment', { timeout: longMs }, async () => {
    await stage('Export').click()
    await choose(join(root, 'assets', 'digits'))
    await button('Folder… for Calibration data').click()
    await app.page.getByLabel('Passphrase of the key').fill(passphrase)
    await app.page.getByLabel('Repeat the passphrase').fill('something else')
    expect(await button('Export…').isDisabled()).toBe(true)
    await app.page.getByLabel('Repeat the passphrase').fill(passphrase)
    expect(await violations(app.page)).toEqual([])
    await choose(bundle)
    await button('Export…').click()
    await app.page.getByText('mine.sealed is ready for the edge').waitFor({ timeout: longMs })
    expect((await stat(bundle)).size).toBeGreaterThan(1e6)
    expect(await app.page.getByLabel('Passphrase of the key').inputValue()).toBe('')
    expect(await app.page.getByText('Signed by').count()).toBe(1)
  })

  it('is measured against its labels, in the clear and encrypted', { timeout: longMs }, async () => {
    const labels = join(app.temporaryFolder, 'labels.txt')
    await writeFile(labels, Array.from({ length: 10 }, (_, digit) => `${digit}.png,${digit}`).join('\n'))
    await stage('Accuracy').click()
    await choose(join(root, 'assets', 'digits'))
    await button('Folder… for Inputs to test').click()
    await choose(labels)
    await button('File… for Labels of the inputs').click()
    await app.page.getByText('labels.txt').waitFor()
    await app.page.getByLabel('Also run encrypted').fill('1')
    await button('Measure').click()
    await app.page.getByRole('table', { name: 'Error by layer' }).waitFor({ timeout: longMs })
    const shown = await app.page.locator('dl').first().textContent()
    expect(shown).toMatch(/Samples\s*10\s*Original is right\s*100\.0/)
    expect(shown).toMatch(/Kept encrypted, of 1\s*100\.0/)
    expect(await violations(app.page)).toEqual([])
  })

  it('leaves the passphrase nowhere on disk', async () => {
    const folders = [app.profile, app.temporaryFolder]
    for (const folder of folders) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name)
        if (!entry.isFile() || path === bundle || !existsSync(path)) continue
        expect((await readFile(path)).includes(passphrase), path).toBe(false)
      }
    }
  })

  it('keeps its keys until they are destroyed, which asks twice', async () => {
    await stage('Keys').click()
    const table = app.page.getByRole('table', { name: 'Deployments' })
    await table.waitFor()
    expect(await violations(app.page)).toEqual([])
    const id = (await table.locator('td.mono').textContent())!
    const backup = join(app.temporaryFolder, 'keys.backup')
    await choose(backup)
    await button('Back up…').click()
    await expect.poll(() => existsSync(backup), { timeout: 20_000 }).toBe(true)
    await button('Destroy…').click()
    const confirm = button('Destroy')
    expect(await confirm.isDisabled()).toBe(true)
    await app.page.getByLabel(/Type .* to confirm/).fill(id)
    await confirm.click()
    await app.page.getByText('No keys yet').waitFor()
    await button('Restore a backup…').click()
    await table.waitFor()
    expect(await table.locator('td.mono').textContent()).toBe(id)
  })
})

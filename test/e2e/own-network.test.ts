import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../src-main/core/progress.ts'
import { edgeRun } from '../../src-main/jobs/edge-run.ts'
import { violations } from './accessibility.ts'
import { asset, Driver, trained } from './driver.ts'
import { firstOpenMs, openWindow, root } from './window.ts'
import type { OpenWindow } from './window.ts'

const longMs = 300_000
const passphrase = 'a passphrase for a test'

let app: OpenWindow
let person: Driver
let bundle: string
beforeAll(async () => {
  app = await openWindow({ colorScheme: 'dark', scale: 2 })
  person = new Driver(app)
  bundle = join(app.temporaryFolder, 'mine.sealed')
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

describe('a network of one’s own', () => {
  it('is refused with every node that stands in the way', async () => {
    await person.choose(join(root, 'test', 'models', 'hostile', 'warn_op_gru.onnx'))
    await person.button('Open an ONNX or TFLite file…').click()
    const refused = app.page.getByRole('table', { name: 'Unsupported nodes' })
    await refused.waitFor()
    expect(await refused.textContent()).toContain('GRU')
    for (const [stage, action] of [
      ['Advice', 'Compare deployments'],
      ['Activations', 'Fit polynomials'],
      ['Accuracy', 'Measure'],
      ['Splits', 'Compare nodes'],
      ['Export', 'Export…'],
      ['Test', 'Seal and run'],
    ]) {
      await person.go(stage)
      expect(await person.button(action).isDisabled(), stage).toBe(true)
      expect(await app.page.getByText('Some nodes of this network cannot be protected.').count(), stage).toBe(1)
    }
  })

  it('opens from the menu, and tells at once what protecting it will cost', async () => {
    await person.open(trained('mnist_cryptonets_relu.onnx'))
    await app.page.getByText('Every node can be protected.').waitFor()
    await person.go('Export')
    const degree = person.fact('Ring degree')
    await degree.waitFor({ timeout: longMs })
    expect(await degree.textContent()).toBe('8\u202f192')
  })

  it('says what is wrong with calibration data, and can undo the choice', async () => {
    await person.choose(join(root, 'package.json'))
    await person.button('File… for Calibration data').click()
    await app.page.getByText('package.json').first().waitFor()
    await person.go('Activations')
    // Said at once, not after the long work.
    await person.alert.waitFor()
    expect(await person.alert.textContent()).toContain('unsupported-data-format')
    await person.menu('Undo Choice')
    await app.page.getByRole('group', { name: 'Calibration data', exact: true }).getByText('None yet').waitFor()
    await person.alert.waitFor({ state: 'hidden' })
  })

  it('takes data that is dropped on its row, and is not replaced by what cannot be opened', async () => {
    const row = app.page.getByRole('group', { name: 'Calibration data', exact: true })
    await person.drop(asset('calibration.npz'), row)
    await row.getByText('calibration.npz').waitFor()
    await expect
      .poll(() => row.textContent(), { timeout: 60_000 })
      .toMatch(/samples of 1\s×\s28\s×\s28; values 0 to\s+255, as the network takes them 0 to 1/)
    expect(await row.getByRole('list', { name: 'Some of the samples' }).getByRole('img').count()).toBe(8)
    expect(await violations(app.page)).toEqual([])
    const project = app.page.locator('.project')
    for (const [file, code] of [
      [asset('calibration.npz'), 'data-on-no-row'],
      [join(root, 'test', 'vectors', 'parquet', 'columns.parquet'), 'data-on-no-row'],
      [join(root, 'package.json'), 'not-onnx'],
    ] as const) {
      // prettier-ignore
      await person.drop(file, app.page.getByRole('heading', { level: 1 }))
      await expect.poll(() => person.alert.first().textContent(), { timeout: longMs }).toContain(code)
      expect(await project.textContent()).toContain('mnist_cryptonets_relu.onnx')
    }
    await person.go('Model')
    await app.page.getByText('Every node can be protected.').waitFor()
    expect(await person.alert.count()).toBe(0)
    await person.menu('Undo Choice')
  })

  it('offers the preprocessing under which the original is most often right, and shows a sample as it is fed', async () => {
    await person.go('Accuracy')
    await person.choose(asset('validation.npz'))
    await person.button('File… for Inputs to test').click()
    const preset = app.page.getByLabel('Preset')
    await preset.selectOption({ label: '−1 to 1' })
    await app.page
      .getByText(/right on 24\.7\s%\s+of 300\s+labelled samples\. Check.*With 0 to 1 it would be right on 99\.0\s%/s)
      .waitFor({ timeout: longMs })
    const row = app.page.getByRole('group', { name: 'Inputs to test' })
    expect(await row.getByRole('img', { name: 'Sample 1 as the network gets it' }).count()).toBe(1)
    await person.button('Use 0 to 1').click()
    await app.page.getByText(/right on 98\.7\s%\s+of 300/).waitFor({ timeout: longMs })
    expect(await preset.inputValue()).toBe('unit')
    expect(await app.page.getByRole('button', { name: /^Use / }).count()).toBe(0)
    const names = app.page.getByLabel('Class names')
    await names.fill('null, eins')
    await names.press('Tab')
    await expect.poll(() => person.alert.textContent(), { timeout: longMs }).toContain('bad-class-names')
    await names.fill('')
    await names.press('Tab')
    await person.alert.waitFor({ state: 'hidden', timeout: longMs })
    const crop = app.page.getByLabel('Crop')
    await crop.fill('28 by 28')
    await crop.press('Tab')
    await app.page.getByText('one or two whole numbers are needed').waitFor()
    await crop.fill('28')
    await crop.press('Tab')
    await expect.poll(() => crop.inputValue()).toBe('28 × 28')
    expect(await violations(app.page)).toEqual([])
    for (let undone = 0; undone < 6; undone += 1) await person.menu('Undo Choice')
    await person.go('Model')
  })

  it('says on the Model page what an edge needs, red where it has less', async () => {
    const verdict = app.page.locator('.verdict')
    await expect
      .poll(() => verdict.textContent(), { timeout: longMs })
      .toMatch(/The edge needs .* to .* of memory, a bundle of .* to /)
    expect(await verdict.getAttribute('class')).toContain('good')
    await app.page.locator('dl > div', { hasText: 'Parameters' }).getByText('132\u202f540').waitFor()
    const edge = app.page.getByLabel('Edge', { exact: true })
    await edge.selectOption('1 GB of memory')
    await expect.poll(() => verdict.textContent()).not.toContain('more than')
  })

  it('is exported under a passphrase, signed, and kept as a deployment', { timeout: longMs }, async () => {
    await person.go('Export')
    await person.choose(asset('digits'))
    await person.button('Folder… for Calibration data').click()
    await app.page.getByLabel('Deployment', { exact: true }).fill('Digits, ward 3')
    await app.page.getByLabel('Passphrase of the key').fill(passphrase)
    await app.page.getByLabel('Repeat the passphrase').fill('something else')
    expect(await person.button('Export…').isDisabled()).toBe(true)
    await app.page.getByLabel('Repeat the passphrase').fill(passphrase)
    // The virtual display has no keyring: remembering is refused, with the reason.
    expect(await app.page.getByLabel('Remember it on this machine').isDisabled()).toBe(true)
    expect(await app.page.getByText('has no keyring').count()).toBe(1)
    expect(await violations(app.page)).toEqual([])
    await app.page.getByText('Top 3', { exact: true }).click()
    await app.page.getByText('The three most likely classes in order, without their scores.').waitFor()
    await app.page.getByText('Label', { exact: true }).click()
    await app.page.getByLabel('Labels to keep, at least').fill('0')
    await app.page.getByLabel('Labels to keep, at least').press('Tab')
    await person.choose(bundle)
    await person.button('Export…').click()
    await app.page.getByText('mine.sealed is ready for the edge').waitFor({ timeout: longMs })
    expect((await stat(bundle)).size).toBeGreaterThan(1e6)
    expect(await app.page.getByLabel('Passphrase of the key').inputValue()).toBe('')
    expect(await app.page.getByText('files inside, each with its hash').count()).toBe(1)
    expect(await app.page.getByText('nobody', { exact: true }).count()).toBe(0)
    expect(await violations(app.page)).toEqual([])
  })

  it('hands over: ids by copy buttons and by a menu on what is selected, the bundle by dragging', async () => {
    const { application, page } = app
    await person.button('Copy the SHA-256').click()
    await page.getByText('The SHA-256 is on the clipboard.').waitFor()
    const sha256 = await application.evaluate(({ clipboard }) => clipboard.readText())
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    await person.button('Copy the command for the edge').click()
    await page.getByText('The command for the edge is on the clipboard.').waitFor()
    const command = await application.evaluate(({ clipboard }) => clipboard.readText())
    expect(command).toBe('sealwright edge serve mine.sealed')
    await application.evaluate(({ BrowserWindow, Menu }) => {
      const seen: { dragged: string[]; roles: string[][] } = { dragged: [], roles: [] }
      Object.assign(globalThis, { seen })
      BrowserWindow.getAllWindows()[0].webContents.startDrag = ({ file }) => void seen.dragged.push(file)
      Menu.prototype.popup = function popup(this: Electron.Menu) {
        seen.roles.push(this.items.map(({ role }) => String(role)))
      }
    })
    const seen = () =>
      application.evaluate(() => (globalThis as unknown as { seen: { dragged: string[]; roles: string[][] } }).seen)
    await person.button('Show the file').dispatchEvent('dragstart')
    await expect.poll(async () => (await seen()).dragged).toEqual([expect.stringMatching(/\.sealed$/)])
    const digest = page.locator('dd', { hasText: sha256 })
    await digest.dblclick({ position: { x: 60, y: 8 } })
    await digest.click({ button: 'right', position: { x: 60, y: 8 } })
    await expect.poll(async () => (await seen()).roles).toEqual([['copy']])
    await page.getByLabel('Deployment', { exact: true }).click({ button: 'right' })
    await expect.poll(async () => (await seen()).roles.at(-1)).toEqual(['cut', 'copy', 'paste', 'selectall'])
    expect(await violations(page)).toEqual([])
  })

  it('is measured on labelled samples, and the report saved', { timeout: longMs }, async () => {
    const labels = join(app.temporaryFolder, 'labels.txt')
    await writeFile(labels, Array.from({ length: 10 }, (_, digit) => `${digit}\n`).join(''))
    await person.go('Accuracy')
    await person.choose(asset('digits'))
    await person.button('Folder… for Inputs to test').click()
    await person.choose(labels)
    await person.button('File… for Labels of the inputs').click()
    await app.page.getByText('labels.txt').waitFor()
    await app.page.getByLabel('Also encrypted').fill('1')
    await person.button('Measure').click()
    await app.page.getByRole('table', { name: 'Error by layer' }).waitFor({ timeout: longMs })
    const errors = app.page.getByRole('table', { name: 'Error by layer' })
    expect(await errors.getByRole('columnheader').allTextContents()).toEqual(
      ['Layer', 'Activation', 'Degree', 'Error added', 'Agreement so far', 'Range margin', 'Out of range'], // prettier-ignore
    )
    const shown = await app.page.locator('dl').first().textContent()
    expect(shown).toMatch(/Samples\s*10\s*Original is right\s*100\.0/)
    expect(shown).toMatch(/Kept encrypted, of 1\s*100\.0/)
    expect(await violations(app.page)).toEqual([])
    for (const [format, sign] of [
      ['HTML', '<h1>mnist_cryptonets_relu.onnx</h1>'],
      ['CSV', 'Where the error comes from'],
      ['PDF', '%PDF-1'],
    ]) {
      const report = join(app.temporaryFolder, `report.${format.toLowerCase()}`)
      await person.choose(report)
      await person.button(`Save as ${format}…`).click()
      await app.page.getByText(`Saved as report.${format.toLowerCase()}.`).waitFor()
      expect(await readFile(report, 'utf8')).toContain(sign)
    }
    // The export's fit was measured, not another one.
    expect(await person.fits()).toBe(1)
  })

  it('is tested with the bundle that was exported, drawn and in a batch', { timeout: longMs }, async () => {
    await person.go('Test')
    const bundles = app.page.getByLabel('Bundle', { exact: true })
    await bundles.locator('option', { hasText: 'Digits, ward 3' }).waitFor({ state: 'attached' })
    await bundles.selectOption({ index: 1 })
    expect(await person.button('Run the bundle').isDisabled()).toBe(true)
    await app.page.getByLabel('Passphrase', { exact: true }).fill('not the passphrase')
    await app.page.getByLabel('Inputs', { exact: true }).fill('6')
    await person.button('Run the batch').click()
    await person.alert.waitFor({ timeout: longMs })
    expect(await person.alert.textContent()).toContain('wrong-passphrase')
    await app.page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
    await person.button('Run the batch').click()
    await app.page.getByRole('table', { name: 'Comparison' }).waitFor({ timeout: longMs })
    expect(await person.fact('Same labels').textContent()).toBe('6 of 6')
    await person.button('Scores of input 1').click()
    await app.page.getByRole('figure', { name: /^Scores of the original/ }).waitFor()
    expect(await violations(app.page)).toEqual([])
    await app.page.getByText('History: 1 test').click()
    const history = await app.page.getByRole('table', { name: 'History of tests' }).textContent()
    expect(history).toMatch(/Batch of digits\s*6 of 6/)
  })

  it('is not dropped while work runs, unless the person says so', { timeout: longMs }, async () => {
    await app.page.getByLabel('Bundle', { exact: true }).selectOption({ index: 0 })
    await person.button('Seal and run').click()
    await person.button('Cancel Sealing and running').waitFor()
    await person.answer(false)
    await person.open(trained('ecg200_cnn1d_relu.onnx'))
    await expect.poll(() => person.questions(), { timeout: 60_000 }).toEqual(['The encrypted test is still running.'])
    await app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close())
    await expect.poll(() => person.questions()).toHaveLength(2)
    expect(await app.page.locator('.project').textContent()).toContain('mnist_cryptonets_relu.onnx')
    expect(await person.button('Cancel Sealing and running').count()).toBe(1)
    await person.button('Cancel Sealing and running').click()
    await app.page.getByText('Cancelled. Nothing was left behind.').waitFor({ timeout: 30_000 })
  })

  it('begins every stage at its top', async () => {
    const main = app.page.locator('main')
    await main.evaluate((element) => element.scrollTo(0, 500))
    await person.go('Export')
    expect(await main.evaluate((element) => element.scrollTop)).toBe(0)
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

  it(
    'opens a result under a passphrase that was changed, and saves the public signing key',
    { timeout: longMs },
    async () => {
      const result = join(app.temporaryFolder, 'seven.result')
      await edgeRun({ bundle, input: asset('digits/7.png'), index: 0, out: result, force: false }, silent)
      await person.openByAssociation(result)
      await app.page.getByText('seven.result needs its key').waitFor()
      await person.button('Change passphrase…').click()
      await app.page.getByLabel('Old passphrase').fill(passphrase)
      await app.page.getByLabel('New passphrase', { exact: true }).fill('another one for a test')
      await app.page.getByLabel('Repeat the new passphrase').fill('another one for a test')
      expect(await violations(app.page)).toEqual([])
      await person.button('Change it').click()
      await app.page.getByText('The passphrase of Digits, ward 3 was changed.').waitFor({ timeout: longMs })
      const open = async (typed: string) => {
        await person.button('Open a result…').click()
        await app.page.getByLabel('Passphrase', { exact: true }).fill(typed)
        await person.button('Open it').click()
      }
      await expect.poll(() => app.page.getByRole('table', { name: 'Deployments' }).count()).toBe(1)
      await open(passphrase)
      await person.alert.waitFor({ timeout: longMs })
      expect(await person.alert.textContent()).toContain('wrong-passphrase')
      await open('another one for a test')
      const opened = app.page.getByRole('region', { name: 'Opened result' })
      await opened.waitFor({ timeout: longMs })
      expect(await opened.textContent()).toMatch(/seven\.result.*Label\s*7/s)
      expect(await app.page.getByText('needs its key').count()).toBe(0)
      const pem = join(app.temporaryFolder, 'signing.pem')
      await person.choose(pem)
      await person.button('Save signing key…').click()
      await expect.poll(() => existsSync(pem), { timeout: 20_000 }).toBe(true)
      expect(await readFile(pem, 'utf8')).toContain('BEGIN PUBLIC KEY')
      expect(await violations(app.page)).toEqual([])
    },
  )

  it('keeps its keys until they are destroyed, which asks twice', async () => {
    await person.go('Keys')
    const table = app.page.getByRole('table', { name: 'Deployments' })
    await table.waitFor()
    expect(await table.textContent()).toContain('Digits, ward 3')
    expect(await violations(app.page)).toEqual([])
    const id = (await table.locator('.mono').textContent())!
    const backup = join(app.temporaryFolder, 'keys.backup')
    await person.choose(backup)
    await person.button('Back up…').click()
    await expect.poll(() => existsSync(backup), { timeout: 20_000 }).toBe(true)
    await person.button('Destroy…').click()
    const confirm = person.button('Destroy')
    expect(await confirm.isDisabled()).toBe(true)
    await app.page.getByLabel(/Type .* to confirm/).fill(id)
    await confirm.click()
    await app.page.getByText('No keys yet').waitFor()
    await person.choose(asset('icon.png'))
    await person.button('Restore a backup…').click()
    await person.alert.waitFor()
    await person.choose(backup)
    await person.button('Restore a backup…').click()
    await table.waitFor()
    expect(await table.locator('.mono').textContent()).toBe(id)
  })

  it('is looked at as a bundle, without any key', async () => {
    await person.openByAssociation(bundle)
    const segments = app.page.getByRole('table', { name: 'Segments of the bundle' })
    await segments.waitFor({ timeout: 60_000 })
    expect(await segments.textContent()).toMatch(/1\s×\s28\s×\s28, encrypted/)
    expect(await violations(app.page)).toEqual([])
    await writeFile(join(app.temporaryFolder, 'cut.sealed'), (await readFile(bundle)).subarray(0, 1e6))
    await person.openByAssociation(join(app.temporaryFolder, 'cut.sealed'))
    await person.alert.waitFor({ timeout: 60_000 })
    expect(await person.alert.textContent()).toContain('damaged-bundle')
    await person.button('Close').click()
  })
})

/** Every screen with something on it, in the smallest window, zoomed, and by keyboard alone. Pictures go where E2E_PICTURES says. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { violations } from './accessibility.ts'
import { asset, Driver, trained } from './driver.ts'
import { cutOff, overlapping } from './fits.ts'
import { firstOpenMs, openWindow } from './window.ts'
import type { OpenWindow } from './window.ts'

const longMs = 300_000
const passphrase = 'a passphrase for a test'

let app: OpenWindow
let person: Driver
beforeAll(async () => {
  app = await openWindow()
  person = new Driver(app)
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

/** Pixels of the screen, and how large the page is shown. */
async function resize(width: number, height: number, zoom: number): Promise<void> {
  await app.application.evaluate(
    ({ BrowserWindow }, size) => {
      const [window] = BrowserWindow.getAllWindows()
      window.setContentSize(size.width, size.height)
      window.webContents.setZoomFactor(size.zoom)
    },
    { width, height, zoom },
  )
  await app.page.waitForFunction((expected) => Math.abs(innerWidth - expected) <= 1, width / zoom)
}

async function useData(use: string, path: string): Promise<void> {
  await person.choose(path)
  await person.button(`${path.endsWith('.txt') ? 'File' : 'Folder'}… for ${use}`).click()
}

describe('advice', () => {
  const table = () => app.page.getByRole('table', { name: 'Deployments compared' })
  const cancel = () => person.button('Cancel Comparing deployments')
  const compare = () => person.button(/^Compare (again|deployments)$/)

  beforeAll(async () => {
    await person.open(trained('mnist_cryptonets_relu.onnx'))
    await app.page.getByText('Every node can be protected.').waitFor()
    await person.go('Advice')
    await useData('Calibration data', asset('digits'))
    await compare().click()
    await cancel().waitFor()
    await cancel().waitFor({ state: 'hidden', timeout: 2 * longMs })
    await app.page.getByRole('heading', { name: /^Recommended:/ }).waitFor()
  }, 3 * longMs)

  it('marks what it recommends and what is beaten, and one click uses it', { timeout: longMs }, async () => {
    expect(await violations(app.page)).toEqual([])
    await resize(1024, 700, 1)
    expect(await cutOff(app.page, { scrolling: false })).toEqual([])
    await resize(1280, 800, 1)
    await app.page.getByText('Exact', { exact: true }).click()
    const best = table().locator('tr.best')
    await expect.poll(() => best.textContent()).toContain('every activation exact')
    await person.button('Use it').click()
    await best.getByText('in use').waitFor()
    await person.go('Splits')
    await expect.poll(() => person.fact('Refreshes by you').textContent(), { timeout: longMs }).not.toBe('0')
    await person.menu('Undo Choice')
    await expect.poll(() => person.fact('Refreshes by you').textContent(), { timeout: longMs }).toBe('0')
  })

  it('stays with the project when another is opened and it comes back', { timeout: longMs }, async () => {
    await person.open(trained('mnist_lenet5_relu_avgpool.onnx'))
    await app.page.getByText('mnist_lenet5_relu_avgpool.onnx').first().waitFor()
    await person.open(trained('mnist_cryptonets_relu.onnx'))
    await app.page.locator('.project', { hasText: 'cryptonets' }).waitFor()
    await person.go('Advice')
    await app.page.getByText(/^Found on /).waitFor()
    expect(await table().getByRole('row').count()).toBeGreaterThan(2)
    await app.page.getByText(/^Results of this network: /).click()
    expect(await app.page.getByRole('table', { name: 'Results' }).textContent()).toContain('Deployments compared')
  })

  it(
    'is found in the background, and what was found can be used when it is cancelled',
    { timeout: longMs },
    async () => {
      await person.go('Advice')
      await compare().click()
      await app.page.getByText(/step 3 of 3 · Trying deployments/).waitFor({ timeout: longMs })
      await person.go('Keys')
      await expect.poll(() => app.page.locator('progress').getAttribute('value'), { timeout: longMs }).not.toBe('0')
      await app.page.waitForTimeout(4000)
      await cancel().click()
      await expect.poll(() => cancel().count(), { timeout: longMs }).toBe(0)
      await person.go('Advice')
      expect(await compare().isEnabled()).toBe(true)
    },
  )
})

describe('a network on two nodes', () => {
  it('is exported as a bundle for each', { timeout: longMs }, async () => {
    await person.go('Model')
    await app.page.getByText('Every node can be protected.').waitFor()
    await person.go('Splits')
    await app.page.getByRole('list', { name: 'Segments' }).waitFor({ timeout: longMs })
    await person.button('Add a cut').click()
    await expect.poll(() => person.fact('Nodes').textContent(), { timeout: longMs }).toBe('2')
    await person.button('Compare nodes').click()
    await app.page.getByRole('table', { name: 'Proposals' }).waitFor({ timeout: longMs })
    await person.go('Export')
    await useData('Calibration data', asset('digits'))
    await person.fact('Ring degree').waitFor({ timeout: longMs })
    await app.page.getByText('One for each node').click()
    await app.page.getByLabel('Passphrase of the key').fill(passphrase)
    await app.page.getByLabel('Repeat the passphrase').fill(passphrase)
    // What is there already is not replaced.
    await person.choose(app.temporaryFolder)
    await person.button('Export…').click()
    await person.alert.waitFor({ timeout: longMs })
    expect(await person.alert.textContent()).toContain('output-exists')
    await app.page.getByLabel('Passphrase of the key').fill(passphrase)
    await app.page.getByLabel('Repeat the passphrase').fill(passphrase)
    const folder = join(app.temporaryFolder, 'nodes')
    await person.choose(folder)
    await person.button('Export…').click()
    const bundles = app.page.getByRole('table', { name: 'Bundles of the nodes' })
    await bundles.waitFor({ timeout: longMs })
    expect((await readdir(folder)).sort()).toEqual(['segment-1.sealed', 'segment-2.sealed'])
    const rows = await bundles.locator('tbody tr').allTextContents()
    expect(rows).toHaveLength(2)
    rows.forEach((row, node) => expect(row).toMatch(new RegExp(`^${node + 1}\\s*segment-${node + 1}.sealed.*MB.*…`)))
    expect(rows.join()).not.toContain('nobody')
    expect(await app.page.getByText('nodes is ready: 2\u00a0bundles, one for each node').count()).toBe(1)
  })

  it('computes a batch node by node, refreshed in between', { timeout: longMs }, async () => {
    await person.go('Test')
    await useData('Inputs to test', asset('digits'))
    await app.page.getByLabel('Bundle', { exact: true }).selectOption({ index: 1 })
    await app.page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
    await app.page.getByLabel('Inputs', { exact: true }).fill('5')
    await person.button('Run the batch').click()
    await app.page.getByRole('table', { name: 'Comparison' }).waitFor({ timeout: longMs })
    expect(await person.fact('Same labels').textContent()).toBe('5 of 5')
    const layers = await app.page.getByRole('list', { name: 'Layers of the encrypted run' }).textContent()
    expect(layers).toMatch(/node 1.*refreshed by you.*node 2/)
    await person.button('Scores of input 1').click()
  })

  it(
    'is measured, once the labels are right, with a confusion matrix of what ran encrypted',
    { timeout: longMs },
    async () => {
      await person.go('Accuracy')
      const labels = join(app.temporaryFolder, 'labels.txt')
      await writeFile(labels, Array.from({ length: 10 }, (_, digit) => `${digit}\n`).join(''))
      const tooFew = join(app.temporaryFolder, 'too-few.txt')
      await writeFile(tooFew, '0\n1\n')
      await useData('Labels of the inputs', tooFew)
      await app.page.getByLabel(/^Deviation/).fill('none')
      await app.page.keyboard.press('Tab')
      await app.page.getByText('a number is needed').waitFor()
      await app.page.getByLabel(/^Deviation/).fill('1')
      await app.page.keyboard.press('Tab')
      await person.button('Measure').click()
      await person.alert.first().waitFor({ timeout: longMs })
      expect(await person.alert.first().textContent()).toMatch(/labels/)
      await useData('Labels of the inputs', labels)
      await app.page.getByLabel('Also encrypted').fill('2')
      await person.button('Measure').click()
      const encrypted = app.page.getByRole('table', { name: 'Confusion matrix, Encrypted, the first 2' })
      await encrypted.waitFor({ timeout: longMs })
      const cells = await encrypted.locator('td').allTextContents()
      expect(cells.reduce((sum, cell) => sum + Number(cell.trim()), 0)).toBe(2)
      const report = join(app.temporaryFolder, 'report.html')
      await person.choose(report)
      await person.button('Save as HTML…').click()
      await app.page.getByText('Saved as report.html.').waitFor()
      const page = await readFile(report, 'utf8')
      for (const part of ['Confusion matrix, encrypted (2 samples)', 'Commands that repeat it', 'sealwright protect']) {
        expect(page).toContain(part)
      }
    },
  )
})

/** The screens, and what each is there for. */
const screens = [
  ['Model', 'Test it encrypted'],
  ['Advice', 'Compare again'],
  ['Activations', 'Fit again'],
  ['Accuracy', 'Measure again'],
  ['Splits', 'Add a cut'],
  ['Export', 'Export…'],
  ['Test', 'Seal and run'],
  ['Keys', 'Restore a backup…'],
] as const

describe('every screen', () => {
  beforeAll(async () => {
    await person.go('Activations')
    await person.button('Fit polynomials').click()
    await person.button('Fit again').waitFor({ timeout: longMs })
    await person.button('Cancel Fitting polynomials').waitFor({ state: 'hidden', timeout: longMs })
  }, longMs)

  it.each([
    ['1024 × 700', 1024, 700, 1, 'light'],
    ['1280 × 840 at 125 %', 1280, 840, 1.25, 'dark'],
    ['1280 × 840 at 150 %', 1280, 840, 1.5, 'light'],
    ['1280 × 840 at 200 %', 1280, 840, 2, 'light'],
    ['1024 × 700 at 200 %', 1024, 700, 2, 'dark'],
  ] as const)('fits into %s', { timeout: longMs }, async (name, width, height, zoom, colorScheme) => {
    await resize(width, height, zoom)
    await app.page.emulateMedia({ colorScheme })
    for (const [stage, action] of screens) {
      await person.go(stage)
      await app.page.getByRole('heading', { level: 1 }).waitFor()
      const primary = person.button(action)
      await primary.scrollIntoViewIfNeeded()
      const box = (await primary.boundingBox())!
      const inside = await app.page.evaluate(() => ({ right: innerWidth, bottom: innerHeight }))
      expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= inside.right, `${stage}: ${action}`).toBe(true)
      expect(box.y + box.height, `${stage}: ${action}`).toBeLessThanOrEqual(inside.bottom)
      expect(await cutOff(app.page, { scrolling: zoom > 1 }), stage).toEqual([])
      expect(await overlapping(app.page), stage).toEqual([])
      if (width === 1024) expect(await violations(app.page), stage).toEqual([])
      await picture(`${stage} ${name}`)
    }
  })

  it('can be reached, and its action too, by keyboard alone', { timeout: longMs }, async () => {
    await resize(1280, 800, 1)
    for (const [stage, action] of screens) {
      const reached = await tabTo(stage)
      expect(reached, `${stage} in the rail`).toBe(true)
      await app.page.keyboard.press('Enter')
      await app.page.locator('nav [aria-current="page"]', { hasText: stage }).waitFor()
      // Without a passphrase there is nothing to export.
      if (await person.button(action).isDisabled()) continue
      expect(await tabTo(action), `${stage}: ${action}`).toBe(true)
    }
  })

  const mostTabs = 150
  /** Tabs on until a button of this name has the focus; whatever gets it on the way has to be seen. */
  async function tabTo(name: string): Promise<boolean> {
    for (let tab = 0; tab < mostTabs; tab += 1) {
      await app.page.keyboard.press('Tab')
      const focused = await app.page.evaluate(() => {
        const element = document.activeElement!
        const { top, bottom, left, right } = element.getBoundingClientRect()
        const seen = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth
        return { text: element.textContent?.trim() ?? '', seen, html: element.outerHTML.slice(0, 120) }
      })
      expect(focused.seen, focused.html).toBe(true)
      if (focused.text === name) return true
    }
    return false
  }
})

async function picture(name: string): Promise<void> {
  const folder = process.env.E2E_PICTURES
  if (folder === undefined) return
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await app.page.emulateMedia({ colorScheme })
    await app.page.waitForTimeout(150)
    const png = await app.application.evaluate(async ({ BrowserWindow }) => {
      const image = await BrowserWindow.getAllWindows()[0].webContents.capturePage()
      return image.toPNG().toString('base64')
    })
    await writeFile(join(folder, `${name} ${colorScheme}.png`), png, 'base64')
  }
}

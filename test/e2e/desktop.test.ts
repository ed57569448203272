/** What the window tells the desktop around it, and what its menus offer. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asset, Driver, trained } from './driver.ts'
import { firstOpenMs, openWindow } from './window.ts'
import type { OpenWindow } from './window.ts'

const longMs = 300_000

interface Told {
  shares: number[]
  notes: string[]
  about: number
  shown: string[]
}

let app: OpenWindow
let person: Driver
beforeAll(async () => {
  app = await openWindow()
  person = new Driver(app)
  await app.application.evaluate(({ app: itself, BrowserWindow, Notification, shell }) => {
    const told: Told = { shares: [], notes: [], about: 0, shown: [] }
    const [window] = BrowserWindow.getAllWindows()
    Object.assign(globalThis, { told })
    window.setProgressBar = (share) => void told.shares.push(share)
    itself.showAboutPanel = () => void (told.about += 1)
    shell.showItemInFolder = (path) => void told.shown.push(path)
    // The virtual display has no desktop that would show it.
    Notification.isSupported = () => true
    Notification.prototype.show = function show(this: Electron.Notification) {
      told.notes.push(this.body)
    }
  })
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

const told = (): Promise<Told> => app.application.evaluate(() => (globalThis as unknown as { told: Told }).told)

describe('the menus', () => {
  it('have the stages under the names of the rail, and tell about the application', async () => {
    const rail = await app.page.getByRole('navigation', { name: 'Stages' }).getByRole('button').allTextContents()
    const view = await app.application.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()!
        .items.find(({ label }) => label === '&View')!
        .submenu!.items.map(({ label }) => label),
    )
    expect(view.slice(0, rail.length)).toEqual(rail.map((name) => name.trim()))
    await app.application.evaluate(({ Menu }) => {
      const help = Menu.getApplicationMenu()!.items.find(({ label }) => label === '&Help')!
      help.submenu!.items.find(({ role }) => String(role) === 'about')!.click()
    })
    expect((await told()).about).toBe(1)
  })
})

describe('the desktop', () => {
  const title = () => app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getTitle())

  it('has the network’s name in the window’s title', { timeout: longMs }, async () => {
    expect(await title()).toBe('Sealwright')
    await person.open(trained('mnist_cryptonets_relu.onnx'))
    await expect.poll(title, { timeout: longMs }).toBe('mnist_cryptonets_relu.onnx – Sealwright')
  })

  it('shows how far the work is, and is told when long work ends unseen', { timeout: longMs }, async () => {
    await person.go('Activations')
    await person.choose(asset('digits'))
    await person.button('Folder… for Calibration data').click()
    await app.page.getByRole('group', { name: 'Calibration data', exact: true }).getByText('digits').waitFor()
    await fit()
    expect((await told()).notes, 'short work is not worth a word').toEqual([])
    await app.application.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0].isFocused = () => false
    })
    await app.page.getByText('Degree 4', { exact: true }).click()
    await person.button('Cancel Fitting polynomials').waitFor()
    // As if it had begun half a minute ago.
    await app.application.evaluate(() => {
      const now = performance.now.bind(performance)
      performance.now = () => now() + 30_000
    })
    await expect.poll(async () => (await told()).notes, { timeout: longMs }).toEqual(['Fitting the polynomials is done.']) // prettier-ignore
    const { shares } = await told()
    expect(shares.some((share) => share > 0 && share <= 1)).toBe(true)
    await expect.poll(async () => (await told()).shares.at(-1)).toBe(-1)
  })

  it('shows where the exported bundle lies, and what was made is scrolled to', { timeout: longMs }, async () => {
    await person.go('Export')
    await app.page.getByLabel('Labels to keep, at least').fill('0')
    await app.page.getByLabel('Passphrase of the key').fill('a passphrase for a test')
    await app.page.getByLabel('Repeat the passphrase').fill('a passphrase for a test')
    const bundle = join(app.temporaryFolder, 'shown.sealed')
    await person.choose(bundle)
    await app.page.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight))
    await person.button('Export…').evaluate((button: HTMLElement) => button.click())
    const made = app.page.getByText('shown.sealed is ready for the edge')
    await made.waitFor({ timeout: longMs })
    const box = (await made.boundingBox())!
    expect(box.y).toBeGreaterThanOrEqual(0)
    expect(box.y).toBeLessThan(200)
    await person.button('Show the file').click()
    await expect.poll(async () => (await told()).shown).toEqual([bundle])
  })

  async function fit(): Promise<void> {
    await person.button('Fit polynomials').click()
    await app.page.getByRole('img', { name: /its polynomials/ }).waitFor({ timeout: longMs })
    await person.button('Cancel Fitting polynomials').waitFor({ state: 'hidden', timeout: longMs })
  }
})

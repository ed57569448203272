import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { _electron } from 'playwright-core'
import { expect, it } from 'vitest'
import { buildPage } from '../../examples/browser-edge/build.ts'
import { servePage } from '../../examples/browser-edge/serve.ts'
import { electronRuntime } from '../../scripts/electron-runtime.ts'
import { onceAtATime } from '../../scripts/once-at-a-time.ts'
import { ensureSystemLibraries } from '../../scripts/system-libraries.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { inherited, startDisplay } from '../e2e/window.ts'
import { unpackBundle } from '../edge/rewrite-bundle.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'

/** A window on an address and nothing else: Chromium, without anything of ours. */
const browser = (url: string): string => `
  const { app, BrowserWindow } = require('electron')
  app.whenReady().then(() => new BrowserWindow({ webPreferences: { sandbox: true } }).loadURL('${url}'))
`

it('a tab encrypts a picture and computes what the owner can open', async () => {
  const folder = await temporaryFolder()
  await exportTiny(folder)
  await unpackBundle(join(folder, 'tiny.sealed'), join(folder, 'bundle'))
  const runtime = await onceAtATime('electron', async () => {
    const found = await electronRuntime()
    ensureSystemLibraries(found.executable, { display: true })
    return found
  })
  const server = servePage(await buildPage(join(folder, 'page')), join(folder, 'bundle')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await writeFile(join(folder, 'main.cjs'), browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
  const display = await startDisplay()
  const application = await _electron.launch({
    executablePath: runtime.executable,
    args: [
      join(folder, 'main.cjs'),
      `--user-data-dir=${join(folder, 'profile')}`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
    env: { ...inherited(), ...display.environment },
  })
  try {
    const page = await application.firstWindow()
    const status = page.getByRole('status')
    await expect.poll(() => status.textContent(), { timeout: 60_000 }).not.toBe('Loading the bundle…')
    expect(await status.textContent()).toBe('Ready for 1 × 2 × 2 pixels.')
    await page.getByLabel('Picture').setInputFiles(join(import.meta.dirname, '../vectors/pictures/two-by-two.png'))
    const link = page.getByRole('link', { name: 'Save the encrypted result' })
    await expect.poll(() => status.textContent(), { timeout: 60_000 }).toMatch(/^Computed with relaxed-simd-f64 in /)
    const bytes = await link.evaluate(async (anchor: HTMLAnchorElement) => {
      return Array.from(new Uint8Array(await (await fetch(anchor.href)).arrayBuffer()))
    })
    const result = join(folder, 'digit.result')
    await writeFile(result, Uint8Array.from(bytes))
    const keysFolder = join(folder, 'keys')
    const { label } = await decrypt({ result, keysFolder, unlock: { passphrase }, beyondBudget: true })
    const expected = tinyOutput([19, 72, 37, 91])
    expect(label).toBe(expected.indexOf(Math.max(...expected)))
    expect((await readFile(result)).length).toBeGreaterThan(1e5)
  } finally {
    await application.close()
    display.stop()
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
})

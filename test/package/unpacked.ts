import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inherited, root, startDisplay } from '../e2e/window.ts'

const patientMs = 570_000
const isArm = process.arch === 'arm64'
/** As electron-builder names it on each system. */
const application = (
  {
    linux: [`linux-${isArm ? 'arm64-' : ''}unpacked`, 'sealwright', 'resources'],
    darwin: [`mac${isArm ? '-arm64' : ''}/Sealwright.app/Contents`, 'MacOS/Sealwright', 'Resources'],
    win32: [`win-${isArm ? 'arm64-' : ''}unpacked`, 'Sealwright.exe', 'resources'],
  } as Partial<Record<NodeJS.Platform, readonly [string, string, string]>>
)[process.platform]
if (!application) throw new Error(`There is no package for ${process.platform}.`)
/** `PACKAGE_FOLDER` names one that was installed, or unpacked from a package. */
const folder = process.env.PACKAGE_FOLDER ?? join(root, 'dist', application[0])
const executable = join(folder, application[1])
const resources = join(folder, application[2])
/** A fuse wire is text: one digit per fuse. */
const [disabled, enabled] = ['0', '1'].map((digit) => digit.charCodeAt(0))

describe('the package', () => {
  it('has the fuses blown that keep it from being used as something else', async () => {
    const fuses = await getCurrentFuseWire(executable)
    const on = [FuseV1Options.EnableEmbeddedAsarIntegrityValidation, FuseV1Options.OnlyLoadAppFromAsar]
    const off = [
      FuseV1Options.RunAsNode,
      FuseV1Options.EnableNodeOptionsEnvironmentVariable,
      FuseV1Options.EnableNodeCliInspectArguments,
      FuseV1Options.GrantFileProtocolExtraPrivileges,
    ]
    for (const fuse of on) expect(fuses[fuse]).toBe(enabled)
    for (const fuse of off) expect(fuses[fuse]).toBe(disabled)
  })

  it('carries the engine, and no packages for development', async () => {
    const engine = join(resources, 'engine')
    const packages = await readdir(join(engine, 'node_modules'))
    expect(packages).toContain('node-seal')
    expect(packages).not.toContain('vitest')
    expect(packages).not.toContain('electron')
    expect(existsSync(join(engine, process.platform === 'win32' ? 'node.exe' : 'node'))).toBe(true)
  })

  it('carries its bill of materials, and the pages that the Help menu opens', async () => {
    const engine = join(resources, 'engine')
    const bill = JSON.parse(await readFile(join(engine, 'sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string
      readonly components: readonly { readonly name: string; readonly version: string }[]
    }
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['node-seal', 'electron', 'node']))
    const { version } = JSON.parse(
      await readFile(join(engine, 'node_modules', 'node-seal', 'package.json'), 'utf8'),
    ) as {
      readonly version: string
    }
    expect(bill.components).toContainEqual(expect.objectContaining({ name: 'node-seal', version }))
    for (const page of ['guide', 'data', 'security', 'errors', 'cli']) {
      expect(existsSync(join(engine, 'docs', `${page}.md`))).toBe(true)
    }
  })
})

describe('the packaged application', () => {
  let child: ChildProcess
  let page: Page
  let leave: () => Promise<void>

  beforeAll(async () => {
    const display = await startDisplay()
    const profile = await mkdtemp(join(tmpdir(), 'sealwright-package-'))
    // Playwright's Electron support needs the inspector, which the package refuses; Chromium's own protocol does as well.
    const args = ['--remote-debugging-port=0', `--user-data-dir=${profile}`]
    child = spawn(executable, [...args, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])], {
      env: { ...inherited(), ...display.environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const endpoint = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`The application ended with ${code}.`)))
      createInterface({ input: child.stderr! }).on('line', (line) => {
        const found = /^DevTools listening on (ws:.*)$/.exec(line)
        if (found) resolve(found[1])
      })
    })
    const browser = await chromium.connectOverCDP(endpoint)
    const context = browser.contexts()[0]
    page = context.pages()[0] ?? (await context.waitForEvent('page'))
    leave = async () => {
      await browser.close()
      child.kill()
      display.stop()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })
  afterAll(async () => {
    await leave?.()
  })

  it('seals, runs and compares the sample', async () => {
    await page.getByRole('button', { name: 'Open the sample' }).click()
    await page.getByText('Every node can be protected.').waitFor()
    await page.getByRole('button', { name: 'Test it encrypted' }).click()
    await page.getByRole('button', { name: 'Seal and run' }).click()
    const table = page.getByRole('table', { name: 'Comparison' })
    await table.or(page.getByRole('alert')).first().waitFor({ timeout: patientMs })
    expect(await page.getByRole('alert').allTextContents()).toEqual([])
    const rows = await table.locator('tbody tr').all()
    const labels = await Promise.all(rows.map((row) => row.locator('td.label').allTextContents()))
    expect(labels).toEqual(['7', '2', '1'].map((digit) => [digit, digit, digit, digit]))
  })
})

import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import about from '../../package.json' with { type: 'json' }
import { endOf, refuseEnded } from '../../scripts/electron-versions.ts'
import { root } from '../support/cli.ts'

const day = new Date().toISOString().slice(0, 10)
const { electron } = about.devDependencies

it('the pinned Electron gets security fixes', () => {
  expect(endOf(electron), `Electron ${electron} is not in scripts/electron-versions.ts`).toBeDefined()
  expect(day < endOf(electron)!, `Electron ${electron} ended on ${endOf(electron)}: take a newer one`).toBe(true)
})

it('a runtime that has ended, or that nobody looked up, is not packaged', () => {
  expect(() => refuseEnded('45.5.0', '2027-04-05')).not.toThrow()
  expect(() => refuseEnded('45.5.0', '2027-04-06')).toThrow('Electron 45.5.0 ended on 2027-04-06')
  expect(() => refuseEnded('33.3.0', day)).toThrow('ended on 2025-04-29')
  expect(() => refuseEnded('99.0.0', day)).toThrow('is not in scripts/electron-versions.ts')
})

it.each(['package', 'release'])('`npm run %s` refuses it before it builds anything', async (name) => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-electron-'))
  for (const file of ['electron', 'electron.exe', 'Electron.app/Contents/MacOS/Electron', 'version']) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), 'v33.3.0')
  }
  const script = (about.scripts as Record<string, string>)[name].replace(/^node /, '').split(' ')
  const env = { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: folder }
  const { status, stderr } = spawnSync(process.execPath, script, { cwd: root, env, encoding: 'utf8' })
  await rm(folder, { recursive: true })
  expect(stderr).toContain('Electron 33.3.0 ended on 2025-04-29')
  expect(status).not.toBe(0)
})

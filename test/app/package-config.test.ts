import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const config = readFileSync(join(import.meta.dirname, '..', '..', 'electron-builder.yml'), 'utf8')
const value = (name: string): string | undefined => new RegExp(`^\\s*${name}: (.*)$`, 'm').exec(config)?.[1]

/** `npm run test:package` reads the fuses of what was really built. */
describe('the package', () => {
  it('is made with the fuses blown that would turn it into something else', () => {
    for (const name of ['enableEmbeddedAsarIntegrityValidation', 'onlyLoadAppFromAsar', 'enableCookieEncryption']) {
      expect(value(name), name).toBe('true')
    }
    for (const name of [
      'runAsNode',
      'enableNodeOptionsEnvironmentVariable',
      'enableNodeCliInspectArguments',
      'grantFileProtocolExtraPrivileges',
    ]) {
      expect(value(name), name).toBe('false')
    }
  })

  it('names every library that Electron opens or links and that a bare Debian lacks', () => {
    const depends = /^deb:\n {2}depends:\n((?: {4}- .*\n)+)/m.exec(config)?.[1] ?? ''
    for (const name of ['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'libdrm2', 'libx11-xcb1']) {
      expect(depends).toContain(name)
    }
  })

  it('starts from an AppImage without libfuse2', () => {
    // 0.0.0, which electron-builder takes unless told, needs it.
    expect(value('appimage')).toBe('1.0.3')
  })

  it('is known to the desktop by one name', () => {
    const { desktopName } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
      readonly desktopName?: string
    }
    expect(desktopName).toBe(`${value('executableName')}.desktop`)
    expect(value('syncDesktopName')).toBe('true')
  })

  it('opens its own kinds of files, and asks nobody for updates unless a feed is set', () => {
    for (const extension of ['sealed', 'sealproj', 'onnx']) expect(config).toContain(`ext: ${extension}\n`)
    expect(value('publish')).toBe('null')
  })
})

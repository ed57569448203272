/**
 * Makes dist/edge: the edge runtime as a folder that runs with Node alone. It holds no owner code; the
 * import rules and test/edge/artefact.test.ts see to that.
 */
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build, type Plugin, type Rolldown } from 'vite'
import { kernelsBase64 } from '../src-main/kernels/wasm-bytes.ts'
import { billOfMaterials } from './sbom.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

export async function buildEdge(folder = join(root, 'dist', 'edge')): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const modules = await bundle(folder)
  for (const codec of codecs) {
    await writeFile(join(folder, `${basename(codec)}.br`), brotliCompressSync(await readFile(fileURLToPath(codec))))
  }
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  await writeFile(join(folder, 'THIRD-PARTY-LICENSES'), await licencesOf(modules))
  const { version, license, engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const bin = { 'sealwright-edge': 'sealwright-edge' }
  const manifest = { name: 'sealwright-edge', version, license, type: 'module', engines, bin }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const folders = modules.map((path) => inPackage.exec(relative(root, path))?.[0]).filter((path) => path !== undefined)
  await writeFile(join(folder, 'sbom.cdx.json'), await billOfMaterials({ name: manifest.name, version }, folders))
  await writeFile(join(folder, 'sealwright-edge'), `#!/usr/bin/env node\nimport './main.js'\n`)
  await chmod(join(folder, 'sealwright-edge'), 0o755)
  return folder
}

/** The process and the threads that it starts; each becomes a file of that name. */
const entries = [
  'edge/main',
  'edge/weight-reader-thread',
  'edge/serve/engine-thread',
  'edge/serve/parse-thread',
  'kernels/pool-worker',
]

/** Picture decoders: a third of their size in the folder, and read with the first picture. */
const codecs = [
  import.meta.resolve('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'),
  import.meta.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm'),
]

/** The kernels as they are committed are text that every bundler takes; Node unpacks them from a quarter of that. */
const packedKernels: Plugin = {
  name: 'packed-kernels',
  load(id) {
    if (!id.endsWith('/kernels/wasm-bytes.ts')) return null
    const packed = brotliCompressSync(JSON.stringify(kernelsBase64)).toString('base64')
    return [
      "import { brotliDecompressSync } from 'node:zlib'",
      `const packed = Buffer.from('${packed}', 'base64')`,
      'export const kernelsBase64 = JSON.parse(brotliDecompressSync(packed).toString())',
    ].join('\n')
  },
}

/** Bundles the entries and what they share. Returns the paths of all sources. */
async function bundle(folder: string): Promise<string[]> {
  const input = Object.fromEntries(entries.map((name) => [basename(name), join(root, 'src-main', `${name}.ts`)]))
  const built = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true },
    plugins: [packedKernels],
    // The kernels do all that a plan of ours asks for: there is no SEAL in the folder.
    resolve: {
      alias: [
        { find: /^\.\/seal-fallback\.ts$/, replacement: './no-seal.ts' },
        { find: /^\.\/parquet\.ts$/, replacement: './no-parquet.ts' },
        { find: /^\.\/other-formats\.ts$/, replacement: './no-other-formats.ts' },
      ],
    },
    // libjpeg-turbo's loader asks for it, as CommonJS modules may.
    define: { __dirname: 'import.meta.dirname' },
    build: {
      ssr: true,
      target: 'node22',
      minify: true,
      outDir: folder,
      emptyOutDir: false,
      rollupOptions: {
        input,
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[name].js' },
      },
    },
  })
  const chunks = (built as Rolldown.RolldownOutput).output.filter((part) => part.type === 'chunk')
  return chunks.flatMap(({ moduleIds }) => moduleIds)
}

/** The folder of the package that a module is of. */
const inPackage = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

/** The licence files of every package that was bundled; packages under the same words share them. */
async function licencesOf(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.map((path) => inPackage.exec(path)?.[0]).filter((path) => path !== undefined))
  const groups = new Map<string, { readonly text: string; readonly names: readonly string[] }>()
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry))
    const text =
      file === undefined ? '' : `\n${(await readFile(join(folder, file), 'utf8')).replace(/^\s*\n|\s*$/g, '')}\n`
    const words = text.replace(/\s+/g, ' ')
    const same = groups.get(words)
    groups.set(words, { text: same?.text ?? text, names: [...(same?.names ?? []), `${name} ${version}, ${license}\n`] })
  }
  const parts = [...groups.values()].map(({ names, text }) => `${names.join('')}${text}`)
  return [...parts, libjpegNotice].join(`\n${'-'.repeat(80)}\n\n`)
}

/** Asked for by its licence, which the package with its WebAssembly build does not carry: https://libjpeg-turbo.org. */
const libjpegNotice = `libjpeg-turbo, IJG and BSD-3-Clause

This software is based in part on the work of the Independent JPEG Group.
`

if (import.meta.main) process.stdout.write(`${await buildEdge(process.argv[2])}\n`)

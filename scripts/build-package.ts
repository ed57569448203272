/**
 * `npm run build:package`: makes dist/package, the library and the command line as an npm package. Node strips types outside of
 * `node_modules` only, so the package holds JavaScript with declarations in the same folders; `npm pack ./dist/package` packs it.
 * `npm pack` of the checkout itself (`--instead`) builds that folder and says so.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

const root = dirname(import.meta.dirname)
/** The desktop application stays out. */
const isLeftOut = (path: string): boolean => /^src-main\/(app|ipc|preload)\//.test(path)

export async function buildPackage(folder = join(root, 'dist', 'package')): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  emit(folder)
  await copyLauncher(folder)
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'assets']) {
    await cp(join(root, name), join(folder, name), { recursive: true })
  }
  await writeFile(join(folder, 'package.json'), await manifest())
  return folder
}

/** Every source as JavaScript and a declaration. Throws an Error with the compiler's words. */
function emit(folder: string): void {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (name) => ts.sys.readFile(name)) as {
    config: unknown
  }
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const sources = fileNames.filter(
    (name) => name.startsWith(join(root, 'src-main')) && !isLeftOut(relative(root, name)),
  )
  const program = ts.createProgram(sources, {
    ...options,
    noEmit: false,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    rootDir: root,
    outDir: folder,
  })
  const { diagnostics } = program.emit()
  if (diagnostics.length > 0)
    throw new Error(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n'))
}

/** Plain JavaScript already, which starts what is TypeScript in a checkout. */
async function copyLauncher(folder: string): Promise<void> {
  const cli = join('src-main', 'cli')
  const launcher = await readFile(join(root, cli, 'sealwright.js'), 'utf8')
  await writeFile(join(folder, cli, 'sealwright.js'), launcher.replace('cli/main.ts', 'cli/main.js'))
  await cp(join(root, cli, 'node-range.js'), join(folder, cli, 'node-range.js'))
}

async function manifest(): Promise<string> {
  const text = await readFile(join(root, 'package.json'), 'utf8')
  const { name, version, description, license, type, engines, bin, author, dependencies, optionalDependencies } =
    JSON.parse(text) as Record<string, unknown>
  const library = './src-main/library/index'
  const exports = { '.': { types: `${library}.d.ts`, default: `${library}.js` }, './package.json': './package.json' }
  const about = { name, version, description, license, author, type, engines, bin, exports }
  return `${JSON.stringify({ ...about, dependencies, optionalDependencies }, null, 2)}\n`
}

if (import.meta.main) {
  const isInstead = process.argv.includes('--instead')
  const folder = await buildPackage(isInstead ? undefined : process.argv[2])
  process.stdout.write(`${folder}\n`)
  if (isInstead) {
    process.stderr.write(`The checkout itself is not the package. Pack what was built: npm pack ${folder}\n`)
    process.exitCode = 1
  }
}

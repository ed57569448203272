/** The shared libraries and the virtual display that Electron and its tests need on Debian and Ubuntu. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const packages = ['xvfb', 'xauth', 'libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'libxss1', 'libx11-xcb1']
/** Opened by Electron at run time, so that ldd does not name it; without it Electron ends at once, without a word. */
const opened = 'libX11-xcb.so.1'

/**
 * Makes sure that `executable` finds its libraries and, if `display` is asked for, that Xvfb is there. Installs what is
 * missing where that is permitted; otherwise throws Error with the exact command to run.
 */
export function ensureSystemLibraries(executable: string, options: { display: boolean }): void {
  if (process.platform !== 'linux' || isComplete(executable, options.display)) return
  const missing = [...missingLibraries(executable), ...(options.display && !hasCommand('Xvfb') ? ['Xvfb'] : [])]
  if (!hasCommand('apt-get')) throw new Error(`Electron needs ${missing.join(', ')}: install them and try again.`)

  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  if (asRoot.length > 0 && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    throw new Error(
      `Electron needs ${missing.join(', ')}. Run: sudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`,
    )
  }
  process.stderr.write(`Installing what Electron needs (${missing.join(', ')})…\n`)
  run([...asRoot, 'apt-get', 'update'])
  const install = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '--no-install-recommends']
  run([...asRoot, 'env', ...install, ...packages.map(nameHere)])
  if (!isComplete(executable, options.display)) {
    throw new Error(`Electron still misses ${missingLibraries(executable).join(', ')} after installing ${packages}.`)
  }
}

function isComplete(executable: string, display: boolean): boolean {
  return missingLibraries(executable).length === 0 && (!display || hasCommand('Xvfb'))
}

function missingLibraries(executable: string): string[] {
  const { stdout } = spawnSync('ldd', [executable], { encoding: 'utf8' })
  const linked = [...(stdout ?? '').matchAll(/^\s*(\S+) => not found$/gm)].map((match) => match[1])
  const { status, stdout: known } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  return status === 0 && !known.includes(opened) ? [...linked, opened] : linked
}

function hasCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(`${folder}/${name}`))
}

/** Ubuntu 24.04 renamed libraries whose 64-bit time changed; the old names are virtual there. */
function nameHere(name: string): string {
  const renamed = `${name}t64`
  return spawnSync('apt-cache', ['show', renamed], { stdio: 'ignore' }).status === 0 ? renamed : name
}

function run(command: readonly string[]): void {
  const result = spawnSync(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
  if (result.status !== 0) throw new Error(`This command failed: ${command.join(' ')}`)
}

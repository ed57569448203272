/** The reference tool of OpenSSF Model Signing, in a Python environment of the project's own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { aptCommand, aptInstall } from './apt.ts'
import { onceAtATime } from './once-at-a-time.ts'

/** model-signing 1.1.1 imports pyOpenSSL without asking for it: findings/model-signing-pyopenssl.sh. */
const packages = ['model-signing==1.1.1', 'sigstore==4.5.1', 'pyOpenSSL==26.4.0']
const ownFolder = join(import.meta.dirname, '..', '.cache', 'model-signing', packages.join('+'))
const debianPackages = ['python3', 'python3-venv']

/**
 * The Python of an environment that has the tool. It is made where it is missing, and Python installed where that is permitted; otherwise
 * throws Error with the exact commands to run.
 */
export async function ensureModelSigning(folder = ownFolder): Promise<string> {
  return await onceAtATime('model-signing', async () => {
    const python = join(folder, 'bin', 'python')
    if (existsSync(join(folder, 'complete'))) return python
    process.stderr.write(`Installing ${packages.join(', ')}…\n`)
    const makeEnvironment = ['python3', '-m', 'venv', '--clear', folder]
    const install = [python, '-m', 'pip', 'install', '--disable-pip-version-check', ...packages]
    if (run(makeEnvironment) !== undefined) aptInstall(debianPackages)
    const failed = run(makeEnvironment) ?? run(install)
    if (failed !== undefined) {
      await rm(folder, { recursive: true, force: true })
      const commands = [makeEnvironment, install].map((command) => command.join(' ')).join(' && ')
      throw new Error(
        `These tests need ${packages[0]} from PyPI, and it could not be installed: ${failed}\n` +
          `Python comes with: ${aptCommand(debianPackages)}\nRun: ${commands} && mkdir ${join(folder, 'complete')}`,
      )
    }
    await mkdir(join(folder, 'complete'))
    return python
  })
}

/** The last line that a failing command wrote; undefined where it did not fail. */
function run([program, ...options]: readonly string[]): string | undefined {
  const { status, error, stderr, stdout } = spawnSync(program, options, { encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? `${stderr}${stdout}`.trim().split('\n').at(-1)
}

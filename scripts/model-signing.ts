/** The reference tool of OpenSSF Model Signing, in a Python environment of the project's own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onceAtATime } from './once-at-a-time.ts'

/** model-signing 1.1.1 imports pyOpenSSL without asking for it: findings/model-signing-pyopenssl.sh. */
const packages = ['model-signing==1.1.1', 'sigstore==4.5.1', 'pyOpenSSL==26.4.0']
const folder = join(import.meta.dirname, '..', '.cache', 'model-signing', packages.join('+'))

/** The environment's Python; undefined, after saying why, where it or PyPI cannot be had. */
export async function ensureModelSigning(): Promise<string | undefined> {
  return await onceAtATime('model-signing', async () => {
    const python = join(folder, 'bin', 'python')
    if (existsSync(join(folder, 'complete'))) return python
    process.stderr.write(`Installing ${packages.join(', ')}…\n`)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]
    const failed = run('python3', ['-m', 'venv', folder]) ?? run(python, pip)
    if (failed === undefined) {
      await mkdir(join(folder, 'complete'))
      return python
    }
    process.stderr.write(`No OpenSSF tool, so nothing is tested with it: ${failed}\n`)
    return undefined
  })
}

/** The last line that a failing command wrote. */
function run(command: string, args: readonly string[]): string | undefined {
  const { status, error, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? `${stderr}${stdout}`.trim().split('\n').at(-1)
}

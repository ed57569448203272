/** A Node of another version or for another processor, from the packages that carry it on the npm registry. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onceAtATime } from './once-at-a-time.ts'

const folder = join(import.meta.dirname, '..', '.cache', 'node')

/** The path of that Node, such as of linux-arm64 and 24.21.0. Throws Error where the registry does not answer. */
export async function packedNode(platform: string, version: string): Promise<string> {
  const name = `node-${platform}`
  const target = join(folder, `${name}-${version}`)
  const executable = join(target, 'package', 'bin', 'node')
  return await onceAtATime(`${name}-${version}`, async () => {
    if (existsSync(executable)) return executable
    process.stderr.write(`Fetching Node ${version} for ${platform} from the npm registry…\n`)
    const scratch = `${target}.unpacking`
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch, { recursive: true })
    run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', scratch], scratch)
    const tarball = (await readdir(scratch)).find((file) => file.endsWith('.tgz'))
    if (tarball === undefined) throw new Error(`npm did not deliver ${name}@${version}.`)
    run('tar', ['-xzf', tarball], scratch)
    await rm(join(scratch, tarball))
    await rename(scratch, target)
    return executable
  })
}

function run(command: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed.`, { cause: result.error })
}

/** Packages of Debian and Ubuntu that tests need. */
import { spawnSync } from 'node:child_process'

const isRoot = process.getuid?.() === 0
const shellCommand = (packages: readonly string[]): string =>
  `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`

/** What a person types to install them. */
export const aptCommand = (packages: readonly string[]): string =>
  isRoot ? shellCommand(packages) : `sudo sh -c '${shellCommand(packages)}'`

/** Installs them where that is permitted; whether it worked shows in what they bring. */
export function aptInstall(packages: readonly string[]): void {
  const [program, ...options] = isRoot ? ['sh'] : ['sudo', '-n', 'sh']
  process.stderr.write(`Installing ${packages.join(', ')}…\n`)
  spawnSync(program, [...options, '-c', shellCommand(packages)], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

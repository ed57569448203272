/** `npm run outdated`: the monthly look at dependencies. What is newer on the registry, and known weaknesses where it tells them. */
import { spawnSync } from 'node:child_process'
import semver from 'semver'

interface Newer {
  readonly current?: string
  readonly latest: string
}

const outdated = JSON.parse(npm('outdated', '--json').stdout || '{}') as Record<string, Newer>
// npm proposes older ones where it runs on a Node that the newest does not name.
const rows = Object.entries(outdated)
  .filter(([, { current, latest }]) => current !== undefined && semver.gt(latest, current))
  .map(([name, { current, latest }]) => `${name}  ${current} → ${latest}`)
process.stdout.write(rows.length > 0 ? `${rows.join('\n')}\n` : 'Every dependency is the newest.\n')

const audit = npm('audit', '--json')
const report = parse(audit.stdout)
if (report?.metadata === undefined) {
  process.stdout.write('The registry does not answer npm audit; look at https://github.com/advisories instead.\n')
} else {
  const { total } = report.metadata.vulnerabilities
  process.stdout.write(`npm audit: ${total} known weaknesses.\n`)
  if (total > 0) process.exitCode = 1
}

function npm(...args: string[]) {
  return spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' })
}

function parse(
  text: string,
): { readonly metadata?: { readonly vulnerabilities: { readonly total: number } } } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

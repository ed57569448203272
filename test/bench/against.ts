/** This build and another commit's, in turn, each by its own `test/bench/main.ts`. */
import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ratioRows, type OtherRow, type RatioRow } from './ratios.ts'
import type { BenchRow } from './row.ts'

const run = promisify(execFile)
const here = fileURLToPath(new URL('../..', import.meta.url))

/** The other commit cannot be measured: said to the person, without a stack. */
export class CannotCompare extends Error {}

export interface AgainstOptions {
  readonly revision: string
  readonly networks: readonly string[]
  /** What both builds' benches are given: `--runs 20` and the like. */
  readonly args: readonly string[]
  /** How often each build measures each network. */
  readonly turns: number
  readonly progress: (line: string) => void
}

/** Ratios of every measure, and the rows of the last turn of both builds. */
export async function measureAgainst(options: AgainstOptions): Promise<RatioRow[]> {
  const { revision, networks, args, turns, progress } = options
  const commit = await commitOf(revision)
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-against-'))
  const other = join(folder, 'build')
  try {
    progress(`building ${revision} (${commit.slice(0, 7)}) beside`)
    await build(commit, other)
    const rows: RatioRow[] = []
    for (const network of networks) {
      const taken: { today: BenchRow[]; other: OtherRow[] } = { today: [], other: [] }
      for (let turn = 0; turn < turns; turn++) {
        // The second of a pair runs on a warmer machine: each build comes first as often as the other.
        for (const which of turn % 2 === 0 ? (['other', 'today'] as const) : (['today', 'other'] as const)) {
          progress(`${network}, turn ${turn + 1} of ${turns}: ${which === 'today' ? 'this build' : revision}`)
          const json = join(folder, `${which}.json`)
          const [row] = await bench(
            which === 'today' ? here : other,
            [...args, '--only', network, '--json', json],
            json,
          )
          taken[which].push(row as BenchRow & OtherRow)
        }
      }
      rows.push(...ratioRows(taken.today, taken.other, revision))
    }
    return rows
  } finally {
    await run('git', ['worktree', 'remove', '--force', other], { cwd: here }).catch(() => {})
    await rm(folder, { recursive: true, force: true })
  }
}

async function commitOf(revision: string): Promise<string> {
  try {
    const { stdout } = await run(
      'git',
      ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
      {
        cwd: here,
      },
    )
    return stdout.trim()
  } catch {
    throw new CannotCompare(`“${revision}” names no commit of this repository. A shallow clone has only the newest.`)
  }
}

/** Its files, with our packages where it locks the same ones, else with its own. */
async function build(commit: string, folder: string): Promise<void> {
  await run('git', ['worktree', 'add', '--detach', folder, commit], { cwd: here })
  const bench = join(folder, 'test/bench/main.ts')
  await access(bench).catch(() => {
    throw new CannotCompare(`${commit.slice(0, 7)} has no test/bench/main.ts to be measured by.`)
  })
  const lockOf = (root: string): Promise<string> => readFile(join(root, 'package-lock.json'), 'utf8').catch(() => '')
  if ((await lockOf(folder)) === (await lockOf(here))) {
    await symlink(join(here, 'node_modules'), join(folder, 'node_modules'))
    return
  }
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit'], { cwd: folder, maxBuffer: 2 ** 28 })
  } catch (error) {
    throw new CannotCompare(`${commit.slice(0, 7)} cannot be built: npm ci says ${lastLines(error)}`)
  }
}

async function bench(root: string, args: readonly string[], json: string): Promise<OtherRow[]> {
  try {
    await run(process.execPath, ['test/bench/main.ts', ...args], { cwd: root, maxBuffer: 2 ** 28 })
  } catch (error) {
    throw new CannotCompare(`The bench in ${root} failed: ${lastLines(error)}`)
  }
  const rows = JSON.parse(await readFile(json, 'utf8')) as OtherRow[]
  if (rows.length !== 1)
    throw new CannotCompare(`The bench in ${root} knows ${rows.length} networks of that name, not 1.`)
  return rows
}

const lastLines = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).split('\n').slice(-12).join('\n')
}

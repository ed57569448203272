import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'

/** Numbers in [0, 1). */
export type Random = () => number

/**
 * What random tests begin with: TEST_SEED if it is a number, another number each time if it is `random`, else a number that
 * the committed code decides. So a commit that fails fails for everybody, and other commits try other numbers. Printed, so
 * that a failure can be repeated.
 */
export function chooseSeed(what: string): number {
  const seed = chosenSeed(what)
  process.stderr.write(`${what}: TEST_SEED=${seed}\n`)
  return seed
}

/** The same without a word. */
export function chosenSeed(what: string): number {
  const asked = process.env.TEST_SEED
  if (asked === 'random') return Math.floor(Math.random() * 2 ** 31)
  if (asked !== undefined) return Number(asked)
  return createHash('sha256').update(`${committed()} ${what}`).digest().readUInt32LE() >>> 1
}

/** The names of the code and the tests as committed, which a merge or a new page leaves as they are; empty outside of a repository. */
function committed(): string {
  try {
    // Also where the files are another user's, as in containers.
    return execFileSync('git', ['-c', 'safe.directory=*', 'rev-parse', 'HEAD:src-main', 'HEAD:test'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: 'pipe',
    })
  } catch {
    return ''
  }
}

/** Random numbers that can be had again, by mulberry32. */
export function seededRandom(what: string): Random {
  let state = chooseSeed(what)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
/** The window has codes of its own, for what never reaches the main process. */
const sources = ['src-main', 'src-renderer'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
)
const documented = [...readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(/^\| (`.*?`) \|/gm)].flatMap(
  ([, codes]) => [...codes.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code),
)

describe('error codes', () => {
  it('are all in docs/errors.md', () => {
    const thrown = sources.flatMap((source) => [...source.matchAll(/UserError\(\s*['`]([a-z-]+)['`]/g)])
    const codes = new Set(thrown.map(([, code]) => code))
    expect([...codes].filter((code) => !documented.includes(code)).sort()).toEqual([])
  })

  it('in docs/errors.md all exist, once each', () => {
    expect(documented.filter((code) => !sources.some((source) => source.includes(`'${code}'`)))).toEqual([])
    expect(documented.filter((code, i) => documented.indexOf(code) !== i)).toEqual([])
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import about from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|svelte|html|css)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

const dependencies = Object.keys(about.dependencies)
const all = { ...about.dependencies, ...about.devDependencies, ...about.optionalDependencies }

describe('dependencies', () => {
  it('are pinned to exact versions', () => {
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('each have their line in docs/dependencies.md, and no line is without a dependency', () => {
    const lines = read('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)
    expect([...lines].map(([, name]) => name).sort()).toEqual(Object.keys(all).sort())
  })

  it('that ship are imported by what ships', () => {
    const sources = ['src-main', 'src-renderer'].flatMap(filesUnder).map((path) => readFileSync(path, 'utf8'))
    const imported = (name: string): boolean => sources.some((source) => source.includes(`'${name}`))
    expect(dependencies.filter((name) => !imported(name))).toEqual([])
  })
})

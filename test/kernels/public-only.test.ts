import { readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../src-main/', import.meta.url))

/** Every file that a file reaches through relative imports, itself included, and the packages it names. */
function reach(file: string, files = new Set<string>(), packages = new Set<string>()) {
  if (files.has(file)) return { files, packages }
  files.add(file)
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import) '([^']+)'/g)) {
    if (name.startsWith('.')) reach(resolve(dirname(file), name), files, packages)
    else packages.add(name)
  }
  return { files, packages }
}

describe('no secret key can be in the kernels’ memory', () => {
  it('because nothing in kernels/ reaches code that could make, read or hold one', () => {
    const sources = readdirSync(resolve(root, 'kernels')).filter((name) => name.endsWith('.ts'))
    expect(sources).toContain('kernel-store.ts')
    for (const source of sources) {
      const { files, packages } = reach(resolve(root, 'kernels', source))
      const folders = [...files].map((file) => file.slice(root.length).split('/')[0])
      expect(folders.filter((folder) => folder !== 'kernels' && folder !== 'core')).toEqual([])
      expect([...packages].filter((name) => /node-seal|age-encryption/.test(name))).toEqual([])
    }
  })
})

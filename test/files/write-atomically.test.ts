import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeAtomically } from '../../src-main/files/write-atomically.ts'

/** Above what Linux gives to any process. */
const GONE = 4_000_000

describe('writing beside neighbours', () => {
  let folder: string
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'sealwright-write-'))))
  afterEach(() => rm(folder, { recursive: true }))
  const write = (content: string): Promise<void> =>
    writeAtomically(join(folder, 'out'), { force: true }, async (file) => void (await file.writeFile(content)))

  it('removes what a killed process left, and nothing else', async () => {
    const leftover = `out.part-${GONE}-0123abcd`
    const others = [
      'out.part-1',
      'out.part-notes',
      `out.part-${GONE}`,
      `out.part-${GONE}-0123abcd.txt`,
      `out.part-${GONE}-0123ABCD`,
      `out.part-${process.pid}-0123abcd`,
      `other.part-${GONE}-0123abcd`,
    ]
    for (const name of [leftover, ...others]) await writeFile(join(folder, name), name)
    await mkdir(join(folder, `out.part-${GONE}-89abcdef`, 'inside'), { recursive: true })
    await symlink('other', join(folder, `out.part-${GONE}-00000000`))
    await write('content')
    const kept = ['out', ...others, `out.part-${GONE}-89abcdef`, `out.part-${GONE}-00000000`]
    expect((await readdir(folder)).sort()).toEqual(kept.sort())
    expect(await readdir(join(folder, `out.part-${GONE}-89abcdef`))).toEqual(['inside'])
  })

  it('leaves names that it recognises as its own', async () => {
    let seen: string[] = []
    await writeAtomically(join(folder, 'out'), {}, async (file) => {
      await file.writeFile('x')
      seen = await readdir(folder)
    })
    expect(seen).toEqual([expect.stringMatching(new RegExp(`^out\\.part-${process.pid}-[0-9a-f]{8}$`))])
    expect(await readdir(folder)).toEqual(['out'])
  })
})

import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from './exported.ts'

describe('a disk that fills up while exporting', () => {
  let folder: string
  beforeEach(async () => (folder = await temporaryFolder()))
  afterEach(() => rm(folder, { recursive: true }))

  /** The kernel's limit on file sizes stands in for a full disk: writes fail half-way, as they do there. */
  it('leaves neither bundle nor keys, and keeps what was there', async () => {
    const script = join(folder, 'export.ts')
    await mkdir(join(folder, 'out'))
    await writeFile(join(folder, 'out', 'tiny.sealed'), 'the old bundle')
    await writeFile(
      script,
      `process.on('SIGXFSZ', () => {})
       import { exportTiny } from ${JSON.stringify(resolve('test/owner/exported.ts'))}
       const out = process.argv[2] + '/tiny.sealed'
       await exportTiny(process.argv[2], { out, force: true }).catch((error) => console.log(error.code))`,
    )
    const command = `ulimit -f 600; exec "$0" "$1" "$2"`
    const answer = spawnSync('sh', ['-c', command, process.execPath, script, join(folder, 'out')], { encoding: 'utf8' })
    expect(answer.stdout).toBe('disk-full\n')
    expect((await readdir(join(folder, 'out'))).sort()).toEqual(['keys', 'tiny.sealed'])
    expect(await readdir(join(folder, 'out', 'keys'))).toEqual([])
  })
})

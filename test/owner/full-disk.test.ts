import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportTiny, temporaryFolder } from './exported.ts'

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

  it.runIf(canMount()).each([4, 64, 600, 1200, 2000])(
    'of %i KiB: says so, leaves nothing, and keeps what was there',
    async (kibibytes) => {
      const disk = join(folder, 'disk')
      await mkdir(disk)
      mount(disk, kibibytes)
      try {
        const out = join(disk, 'tiny.sealed')
        await writeFile(out, 'old')
        await expect(exportTiny(disk, { out, force: true })).rejects.toThrow(
          expect.objectContaining({ code: 'disk-full' }),
        )
        expect(await readFile(out, 'utf8')).toBe('old')
        expect((await readdir(disk, { recursive: true })).filter((name) => name !== 'keys')).toEqual(['tiny.sealed'])
      } finally {
        spawnSync('umount', [disk])
      }
    },
  )
})

const mount = (folder: string, kibibytes: number): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder]).status === 0

/** Whether file systems of a given size can be made here: as the superuser of a whole machine. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sealwright-mount-'))
  const mounted = mount(folder, 4)
  if (mounted) spawnSync('umount', [folder])
  rmdirSync(folder)
  return mounted
}

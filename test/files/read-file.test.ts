import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readBytes } from '../../src-main/files/read-file.ts'

it('refuses links that lead back to themselves, and names that no file can have', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealwright-read-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const link = join(folder, 'link')
  symlinkSync('link', link)
  await expect(readBytes(link)).rejects.toMatchObject({ code: 'file-not-found', where: { file: link } })
  await expect(readBytes(join(folder, 'x'.repeat(300)))).rejects.toMatchObject({ code: 'file-not-found' })
})

import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { exportTiny, temporaryFolder } from './exported.ts'

/** 50 with KILLS=50; each takes about a second. */
const kills = Number(process.env.KILLS ?? 6)

describe('an export that is killed', { timeout: kills * 20_000 }, () => {
  let folder: string
  let script: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    script = join(folder, 'export.ts')
    await mkdir(join(folder, 'work'))
    await writeFile(
      script,
      `import { exportTiny } from ${JSON.stringify(resolve('test/owner/exported.ts'))}
       process.stdout.write('x')
       await exportTiny(process.argv[2], { force: true })
       process.stdout.write('done')`,
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** Kills the export `afterMs` after its start; true if it had finished. */
  const exportKilledAfter = (afterMs: number): Promise<boolean> =>
    new Promise((done) => {
      const child = spawn(process.execPath, [script, join(folder, 'work')], { stdio: ['ignore', 'pipe', 'ignore'] })
      let output = ''
      child.stdout.on('data', (chunk) => {
        if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
        output += chunk
      })
      child.on('exit', () => done(output.endsWith('done')))
    })

  it('leaves the old bundle or the complete new one, and the next start cleans up', async () => {
    const work = join(folder, 'work')
    const path = join(work, 'tiny.sealed')
    await exportTiny(work)
    const store = new KeyStore(join(work, 'keys'))
    for (let kill = 0; kill < kills; kill++) {
      const before = await readFile(path)
      const finished = await exportKilledAfter((kill / kills) * 1500)
      const bundle = await Bundle.open(path)
      await bundle.close()
      if (!finished) continue
      expect((await readFile(path)).equals(before)).toBe(false)
      // Whatever bundle is there, its keys are, too.
      expect((await store.read(bundle.manifest.deploymentId)).bundles[0].sha256).toBe(bundle.sha256)
    }
    await exportTiny(work, { force: true })
    expect((await readdir(work)).sort()).toEqual(['keys', 'tiny.sealed'])
    expect((await readdir(join(work, 'keys'))).filter((name) => name.startsWith('.'))).toEqual([])
  })
})

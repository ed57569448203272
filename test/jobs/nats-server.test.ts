import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { startNatsServer } from '../../src-main/jobs/nats-server.ts'

afterEach(() => vi.unstubAllEnvs())

it.skipIf(process.platform === 'win32')('nats-server does not get the passphrase of the key store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-env-'))
  try {
    await writeFile(join(folder, 'nats-server'), '#!/bin/sh\nenv > "$0.env"\nexit 1\n')
    await chmod(join(folder, 'nats-server'), 0o755)
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
    vi.stubEnv('SEALWRIGHT_PASSPHRASE', 'correct horse battery staple')
    vi.stubEnv('SOMETHING_ELSE', 'kept')
    await expect(startNatsServer({ folder })).rejects.toMatchObject({ code: 'cannot-listen' })
    const environment = await readFile(join(folder, 'nats-server.env'), 'utf8')
    expect(environment).toContain('SOMETHING_ELSE=kept')
    expect(environment).not.toContain('horse')
  } finally {
    await rm(folder, { recursive: true })
  }
})

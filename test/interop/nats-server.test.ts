import { rm } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { currentNatsVersion, ensureCurrentNatsServer } from '../../scripts/current-nats-server.ts'
import { startNatsServer } from '../../src-main/jobs/nats-server.ts'
import { connectNats } from '../../src-main/nats/connect.ts'
import { temporaryFolder } from '../owner/exported.ts'

it('the NATS tests of this run use the server that is pinned', async () => {
  await ensureCurrentNatsServer()
  const folder = await temporaryFolder()
  const server = await startNatsServer({ folder })
  const connection = await connectNats({ url: server.url }, 'test')
  expect(connection.info?.version).toBe(currentNatsVersion)
  await connection.close()
  await server.stop()
  await rm(folder, { recursive: true })
}, 600_000)

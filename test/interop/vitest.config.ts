import { delimiter } from 'node:path'
import { defineConfig } from 'vitest/config'
import { ensureCurrentNatsServer } from '../../scripts/current-nats-server.ts'

const current = await ensureCurrentNatsServer()
// `findNatsServer` takes the first on the PATH; the processes that run tests inherit it.
if (current !== undefined) process.env.PATH = `${current}${delimiter}${process.env.PATH}`

/** Other programs of the field, as they are today; where one cannot be had here, its tests are left out. */
export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts', ...(current === undefined ? [] : ['test/nats/*.test.ts'])],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})

import { delimiter } from 'node:path'
import { defineConfig } from 'vitest/config'
import { ensureCurrentNatsServer } from '../../scripts/current-nats-server.ts'
import { LongestFirst } from '../support/longest-first.ts'

// What is missing is told by test/interop/nats-server.test.ts, which fails.
const current = await ensureCurrentNatsServer().catch(() => undefined)
// `findNatsServer` takes the first on the PATH; the processes that run tests inherit it.
if (current !== undefined) process.env.PATH = `${current}${delimiter}${process.env.PATH}`

/** Other programs of the field, as they are today. */
export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts', ...(current === undefined ? [] : ['test/nats/*.test.ts'])],
    setupFiles: ['test/support/seed-properties.ts'],
    // Against tests that hang: a machine with other work takes several times as long as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // One more than processors: most of these tests wait for servers and their deadlines.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
})

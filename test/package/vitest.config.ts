/** `npm run test:package`: tests of what `npm run package` made. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/package/unpacked.ts'], testTimeout: 600_000, hookTimeout: 60_000 },
})

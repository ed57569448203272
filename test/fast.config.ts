import { defineConfig } from 'vitest/config'

/** `npm run test:fast`: pure code and small files, without Electron, network, servers or long encryption. */
const folders = [
  ...[
    'architecture',
    'approximate',
    'bundle',
    'compile',
    'core',
    'data',
    'files',
    'http',
    'network',
    'normalise',
    'numeric',
  ],
  ...['onnx', 'plan', 'planner', 'segment', 'tflite', 'tune', 'validate'],
]

/** Of those folders, what trains, fits or plans whole networks, or fuzzes: together most of the time. */
const long = [
  ...['approximate/approximate', 'approximate/columns', 'approximate/own-output', 'bundle/second-reader'],
  ...['compile/degrees', 'data/hostile-data', 'planner/plan-network', 'planner/random-networks', 'planner/skeleton'],
  ...['segment/hand-off', 'segment/plan-by-need', 'segment/segment', 'tune/network', 'tune/tune'],
]

export default defineConfig({
  test: {
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    exclude: long.map((name) => `test/${name}.test.ts`),
    setupFiles: ['test/support/seed-properties.ts'],
    // Against tests that hang: a machine with other work takes several times as long as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})

/** Import rules: see docs/architecture.md. */
const pure = '^(node:|electron|node-seal|onnxruntime|fs$|path$|crypto$|os$|child_process$|worker_threads$)'
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** What each folder of src-main/core may import of core; `core/*.ts` (errors, progress, …) is open to all of it. */
const stages = {
  numeric: [],
  graph: [],
  network: ['graph', 'numeric'],
  onnx: ['graph', 'network', 'numeric'],
  tflite: ['graph', 'onnx'],
  normalise: ['graph', 'network', 'numeric', 'onnx'],
  tune: ['network', 'numeric'],
  approximate: ['network', 'numeric', 'tune'],
  validate: ['approximate', 'network', 'numeric'],
  plan: ['network', 'numeric'],
  planner: ['network', 'numeric', 'plan'],
  segment: ['network', 'numeric', 'plan', 'planner'],
  bundle: ['network', 'plan', 'segment'],
  compile: ['approximate', 'network', 'normalise', 'numeric', 'plan', 'planner', 'segment', 'tune', 'validate'],
}

/** What each folder of src-main may import of the others. test/architecture holds this and docs/architecture.md alike. */
const folders = {
  data: ['core', 'files'],
  files: ['core'],
  http: ['core'],
  nats: ['core', 'files'],
  seal: ['core'],
  ort: ['core'],
  workers: ['core'],
  kernels: ['core'],
  edge: ['core', 'data', 'files', 'http', 'kernels', 'nats', 'seal', 'workers'],
  audit: ['core', 'edge', 'files', 'http'],
  owner: ['core', 'data', 'files', 'http', 'nats', 'seal', 'workers'],
  jobs: ['audit', 'core', 'data', 'edge', 'files', 'http', 'nats', 'ort', 'owner', 'workers'],
  cli: ['core', 'files', 'jobs'],
  library: ['core', 'files', 'jobs'],
  app: ['core', 'data', 'files', 'ipc', 'jobs'],
  ipc: ['core'],
  preload: ['ipc'],
}

/** One rule a row: `under` the folder, others than these are refused. */
const rows = (table, under, prefix) =>
  Object.entries(table).map(([folder, allowed]) =>
    rule(
      `${prefix}${folder}`,
      `docs/architecture.md says what ${under}${folder} may import.`,
      { path: `^${under}${folder}/` },
      { path: `^${under}[^/]+/`, pathNot: `^${under}(${[folder, ...allowed].join('|')})/` },
    ),
  )

export default {
  forbidden: [
    ...rows(stages, 'src-main/core/', 'core-'),
    ...rows(folders, 'src-main/', 'folder-'),
    rule('no-cycles', 'A cycle hides which stage comes first.', {}, { circular: true }),
    rule(
      'core-is-pure',
      'core/ runs anywhere: no Node, Electron, SEAL or ONNX Runtime.',
      { path: '^src-main/core/' },
      { path: `${pure}|^node_modules/(node-seal|onnxruntime)` },
    ),
    rule(
      'core-imports-core',
      'core/ knows no other folder.',
      { path: '^src-main/core/' },
      { path: '^src-main/(?!core/)' },
    ),
    rule(
      'only-seal-imports-node-seal',
      'seal/ owns every SEAL object.',
      { pathNot: '^src-main/seal/' },
      { path: 'node_modules/node-seal' },
    ),
    rule(
      'only-ort-imports-onnxruntime',
      'ort/ is the only door to ONNX Runtime.',
      { pathNot: '^src-main/ort/' },
      { path: 'node_modules/onnxruntime' },
    ),
    rule(
      'only-nats-imports-nats-io',
      'nats/ is the only door to the NATS client.',
      { pathNot: '^src-main/nats/' },
      { path: '@nats-io/' },
    ),
    rule(
      'edge-cannot-decrypt',
      'The right to decrypt is a folder.',
      { path: '^src-main/edge/' },
      { path: '^src-main/(owner/|seal/secret|jobs/|ort/|app/|cli/)' },
    ),
    rule(
      'audit-cannot-decrypt',
      'An auditor holds no secret.',
      { path: '^src-main/audit/' },
      { path: '^src-main/(owner/|seal/secret|jobs/|ort/|app/|cli/)' },
    ),
    rule(
      'public-seal-has-no-secrets',
      'The public half of seal/ never reaches the secret half.',
      { path: '^src-main/seal/(?!secret)' },
      { path: '^src-main/seal/secret' },
    ),
    rule(
      'kernels-hold-no-secrets',
      'Kernels see public material only.',
      { path: '^src-main/kernels/' },
      { path: '^src-main/(owner/|seal/secret)' },
    ),
    rule(
      'shells-go-through-jobs',
      'The CLI and the app call jobs/, so that they stay twins.',
      { path: '^src-main/(app|ipc|cli)/' },
      { path: '^src-main/(owner|edge|seal|ort)/' },
    ),
    rule(
      'electron-only-in-shells',
      'Only the shells know Electron.',
      { pathNot: '^src-main/(app|ipc|preload)/' },
      { path: 'node_modules/electron(/|$)' },
    ),
    rule(
      'renderer-imports-types-only',
      'The renderer never runs main-process code.',
      { path: '^src-renderer/' },
      { path: '^src-main/', dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types', 'svelte'],
      extensions: ['.ts', '.js', '.svelte', '.mjs', '.json'],
    },
  },
}

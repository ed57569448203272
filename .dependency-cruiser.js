/** Import rules: see docs/architecture.md. */
const pure = '^(node:|electron|node-seal|onnxruntime|fs$|path$|crypto$|os$|child_process$|worker_threads$)'
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

export default {
  forbidden: [
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

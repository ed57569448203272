import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { expect, it } from 'vitest'

/** What the window's main process loads; engines are processes of their own. */
it(
  'the window’s main process loads neither ONNX Runtime nor SEAL, with which it would not open',
  { timeout: 60_000 },
  async () => {
    const { output } = await cruise(['src-main/app/main.ts'], {
      tsPreCompilationDeps: false,
      doNotFollow: { path: 'node_modules' },
      enhancedResolveOptions: { conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js'] },
    })
    const reached = (output as ICruiseResult).modules.map(({ source }) => source)
    expect(reached).toContain('src-main/app/start-job.ts')
    expect(reached.filter((file) => /^src-main\/(ort|seal|kernels)\/|onnxruntime|node-seal/.test(file))).toEqual([])
  },
)

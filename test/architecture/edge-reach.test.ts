import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { describe, expect, it } from 'vitest'

/** Every file that runs, or could run, once `entries` are started. */
async function reachableFrom(entries: string[]): Promise<string[]> {
  const { output } = await cruise(entries, {
    tsPreCompilationDeps: false,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js'] },
  })
  return (output as ICruiseResult).modules.map(({ source }) => source)
}

const forbidden = /^src-main\/(owner|seal\/secret|jobs|ort|app|cli|ipc|preload)|electron|onnxruntime/

describe('the edge process', () => {
  it('reaches no code that could decrypt, and nothing of the owner', async () => {
    const threads = ['segment-thread', 'serve/engine-thread', 'serve/parse-thread'].map(
      (name) => `src-main/edge/${name}.ts`,
    )
    const reached = await reachableFrom(['src-main/edge/main.ts', ...threads])
    expect(reached).toContain('src-main/seal/evaluator.ts')
    expect(reached.filter((file) => forbidden.test(file))).toEqual([])
  })

  it('shares that with the auditor, which is made of it', async () => {
    const reached = await reachableFrom(['src-main/audit/main.ts', 'src-main/edge/serve/engine-thread.ts'])
    expect(reached).toContain('src-main/edge/compute-job.ts')
    expect(reached.filter((file) => forbidden.test(file))).toEqual([])
  })

  it('would be caught if it did', async () => {
    expect(await reachableFrom(['src-main/owner/decrypt.ts'])).toContain('src-main/seal/secret.ts')
  })
})

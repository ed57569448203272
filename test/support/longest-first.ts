import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Short files of tests that take long: a fit, an emulated processor, a tool of another language. */
const long = [
  ...['cli/demo', 'examples/custom-activation', 'examples/three-nodes', 'kernels/self-test', 'owner/per-node'],
  ...['promise/lenet-segments', 'interop/edge-nodes', 'interop/model-signing', 'interop/node-versions'],
]

/** On a fresh checkout Vitest begins with the largest files. What begins last should not be what takes longest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      long.some((name) => moduleId.endsWith(`/test/${name}.test.ts`))
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

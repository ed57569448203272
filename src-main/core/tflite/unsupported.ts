import type { Operation } from './builder.ts'

/** Lowering reports it, by TFLite's name. */
export const unsupported = (operation: Operation, name = operation.name): void => {
  const inputs = operation.inputs.filter((index) => index >= 0).map((index) => operation.builder.real(index))
  for (const output of operation.outputs) {
    operation.builder.finish(output, operation.builder.add(name, inputs, {}, undefined, 'tflite'))
  }
}

import { join } from 'node:path'
import type { PreprocessingChoice } from './calibration.ts'

const assets = join(import.meta.dirname, '..', '..', 'assets')

/** The sample that travels with the project: LeNet-5 on MNIST. Sources and licences: assets/README.md. */
export const sample = {
  model: join(assets, 'lenet5.onnx'),
  calibration: join(assets, 'calibration.npz'),
  preprocessing: { scale: 1 / 255, mean: [0.1307], std: [0.3081] } satisfies PreprocessingChoice,
  /** One picture for each digit: 0.png to 9.png. */
  digits: join(assets, 'digits'),
}

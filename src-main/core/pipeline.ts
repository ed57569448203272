/**
 * The pipeline, in order. Each stage is a folder, a command and a screen of the same name, and turns one
 * named type into the next:
 *
 *   read         bytes                       → Graph            core/onnx
 *   normalise    Graph                       → LayerModel       core/normalise
 *   approximate  LayerModel + calibration    → PolynomialModel  core/approximate
 *   fold         PolynomialModel             → SquareModel      core/approximate
 *   segment      SquareModel, or several with exact activations between them
 *                                            → PlannedSegments  core/segment, which plans each
 *   plan         SquareModel                 → PlannedNetwork   core/planner, core/plan
 *
 * What follows needs keys, files or processes and lives outside core: encrypt and export (owner/),
 * run (edge/), decrypt (owner/).
 */
export { readOnnx } from './onnx/read-onnx.ts'
export { normalise } from './normalise/normalise.ts'
export { approximate } from './approximate/approximate.ts'
export { foldIntoSquares } from './approximate/fold-into-squares.ts'
export { planSegments } from './segment/plan-segments.ts'
export { planNetwork } from './planner/plan-network.ts'

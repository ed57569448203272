import type { Graph } from '../graph/graph.ts'
import { foldConstants } from './passes/fold-constants.ts'
import { writeAsStandard } from './passes/write-as-standard.ts'
import { writeSequences } from './passes/write-sequences.ts'
import { prune, type Choice } from './prune.ts'

/** What the chosen outputs need, sequences and operators of other domains written by ONNX's own, without what constants alone give. */
export const standardised = (graph: Graph, choice?: Choice): Graph =>
  foldConstants(writeAsStandard(writeSequences(prune(graph, choice))))

import type { AttributeValue, Graph, Node } from '../graph/graph.ts'

/** Keys of a model's metadata under which exporters write the names of its classes. */
const KEYS = ['names', 'class_names', 'classnames', 'classes', 'labels', 'class_labels', 'id2label', 'categories']

/**
 * Names of the classes in the order of the outputs, as a model's metadata has them: a JSON list, an object or Python dict by
 * class number (Ultralytics, Hugging Face), a Python list, or text with commas or lines. Undefined where there are not
 * exactly `classes`.
 */
export function classNamesIn(metadata: ReadonlyMap<string, string>, classes: number): readonly string[] | undefined {
  const byKey = new Map([...metadata].map(([key, value]) => [key.toLowerCase(), value]))
  for (const key of KEYS) {
    const names = namesIn(byKey.get(key) ?? '')
    if (names.length === classes && new Set(names).size === classes) return names
  }
  return undefined
}

/** Attributes of scikit-learn's classifiers and of ZipMap: https://onnx.ai/onnx/operators/ (ai.onnx.ml). */
const LABELS = ['classlabels_strings', 'classlabels_int64s', 'classlabels_ints']
const LOOKUPS = new Set(['ArrayFeatureExtractor', 'Gather'])
/** Between the place of the best class and the lookup of its name. */
const PASSIVE = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Cast'])

/**
 * Names as the nodes have them, in the order of the scores: those of a classifier of scikit-learn, or those among which a
 * label is looked up. Undefined where there are not exactly `classes`, or where they are the numbers from 0.
 */
export function classNamesOfNodes(graph: Graph, classes: number): readonly string[] | undefined {
  const writers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  for (const node of graph.nodes) {
    const lists = [...LABELS.map((name) => node.attributes[name]), lookedUp(node, graph, writers)]
    for (const names of lists.flatMap((list) => (list === undefined ? [] : [textsOf(list)]))) {
      const isNamed = names.some((name, place) => name !== String(place))
      if (names.length === classes && new Set(names).size === classes && isNamed) return names
    }
  }
  return undefined
}

const textsOf = (list: AttributeValue | ArrayLike<unknown>): readonly string[] =>
  typeof list === 'object' && 'length' in list ? Array.from(list as ArrayLike<unknown>, String) : []

function lookedUp({ operator, inputs }: Node, { constants }: Graph, writers: ReadonlyMap<string, Node>) {
  const table = LOOKUPS.has(operator) ? constants.get(inputs[0] ?? '') : undefined
  let place = writers.get(inputs[1] ?? '')
  while (place && PASSIVE.has(place.operator)) place = writers.get(place.inputs[0] ?? '')
  return table && place?.operator === 'ArgMax' ? (table.texts ?? table.data) : undefined
}

function namesIn(text: string): readonly string[] {
  const trimmed = text.trim()
  if (/^[[{(]/.test(trimmed)) return fromJson(trimmed) ?? fromPython(trimmed)
  return trimmed
    .split(trimmed.includes('\n') ? '\n' : ',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function fromJson(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const list: unknown[] = Array.isArray(value) ? value : byNumber(Object.entries(value))
    return list.every((name) => typeof name === 'string') ? list : []
  } catch {
    return undefined
  }
}

const STRING = String.raw`'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"`

/** The literal of a list, a tuple or a dict whose keys are class numbers. */
function fromPython(text: string): readonly string[] {
  const entries = [...text.matchAll(new RegExp(`(\\d+)\\s*:\\s*(?:${STRING})`, 'g'))]
  if (text.startsWith('{'))
    return byNumber(entries.map(([, key = '', one, other = '']) => [key, one ?? other])) as string[]
  return [...text.matchAll(new RegExp(STRING, 'g'))].map(([, one, other = '']) => one ?? other)
}

/** Values of the keys 0, 1, 2, …; none where any other key is there. */
function byNumber(entries: readonly (readonly [string, unknown])[]): unknown[] {
  const values = new Map(entries.map(([key, value]) => [Number(key), value]))
  const inOrder = Array.from({ length: values.size }, (_, place) => values.get(place))
  return inOrder.includes(undefined) ? [] : inOrder
}

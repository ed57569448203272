/**
 * Part of `npm run check:types`: folders outside the numeric loops are also checked with `noUncheckedIndexedAccess`, which
 * makes every element of a list possibly absent. CONTRIBUTING.md says which folders are not, and why.
 */
import { dirname, join } from 'node:path'
import ts from 'typescript'

/** Of src-main. */
const folders = [
  ...['compile', 'graph', 'onnx', 'tflite', 'segment', 'validate'].map((name) => `core/${name}`),
  ...'app audit cli edge files http ipc jobs library nats ort owner preload workers'.split(' '),
]
/** Files of core/normalise itself, but for loops over axes and numbers; its operators, passes and quantised forms are not checked. */
const normalise = 'core/normalise/(?!window|probe-affine|value-ranges)[^/]+'
const isChecked = new RegExp(`/src-main/((${folders.join('|')})/.*|${normalise}|core/(?!must)[^/]+)\\.ts$`)

const root = dirname(import.meta.dirname)
const path = join(root, 'tsconfig.json')
const { config } = ts.readConfigFile(path, (name) => ts.sys.readFile(name)) as { config: unknown }
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root)
const checked = fileNames.filter((name) => isChecked.test(name))
const program = ts.createProgram(checked, { ...options, noUncheckedIndexedAccess: true })
const found = checked.flatMap((name) => program.getSemanticDiagnostics(program.getSourceFile(name)))
process.stderr.write(
  ts.formatDiagnostics(found, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  }),
)
process.exitCode = found.length > 0 ? 1 : 0

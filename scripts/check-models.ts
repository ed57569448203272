/**
 * Imports every .onnx file of a folder and compares it with ONNX Runtime, and with test/models/results.json where
 * that knows the file: `node scripts/check-models.ts FOLDER [--update]`. Exit code 1 if any differs.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkModel, type ModelResult } from '../test/models/check-model.ts'

const table = new URL('../test/models/results.json', import.meta.url)
const [folder, flag] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node scripts/check-models.ts FOLDER [--update]')
  process.exit(1)
}
const expected = JSON.parse(readFileSync(table, 'utf8')) as Record<string, ModelResult>
const counts = new Map<string, number>()
let surprises = 0
for (const file of globSync('**/*.onnx', { cwd: folder }).sort()) {
  const found = await checkModel(join(folder, file))
  const known = expected[file]
  const isSurprise = found.result === 'differs' || (known && JSON.stringify(known) !== JSON.stringify(found))
  counts.set(found.result, (counts.get(found.result) ?? 0) + 1)
  if (isSurprise) surprises += 1
  if (flag === '--update') expected[file] = found
  const detail = found.result === 'refused' ? `: ${found.message.replaceAll('\n', '\n    ')}` : ''
  console.log(`${isSurprise ? '! ' : '  '}${file}  ${found.result}${detail}`)
}
console.log([...counts].map(([result, count]) => `${count} ${result}`).join(', '), `; ${surprises} unexpected`)
if (flag === '--update') {
  const sorted = Object.fromEntries(Object.entries(expected).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(table, `${JSON.stringify(sorted, undefined, 2)}\n`)
}
process.exit(surprises > 0 && flag !== '--update' ? 1 : 0)

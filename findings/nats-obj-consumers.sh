#!/usr/bin/env bash
# @nats-io/obj 3.4.0 reads an object through a push consumer that it does not delete: it stays until the server's five
# minutes of inactivity are over. nats-server 2.15.3 has at most 1,000 consumers a stream, so the 1,001st read of a bucket
# within five minutes fails with error 10026, however small the objects are. Needs Go and Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0 @nats-io/obj@3.4.0
GOBIN="$work" go install github.com/nats-io/nats-server/v2@v2.15.3
"$work/nats-server" -js -sd "$work/store" -a 127.0.0.1 -p 42293 >/dev/null 2>&1 &
server=$!
for _ in $(seq 100); do (: > /dev/tcp/127.0.0.1/42293) 2>/dev/null && break; sleep 0.1; done
cat > probe.mjs <<'JS'
import { connect } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
const connection = await connect({ servers: 'nats://127.0.0.1:42293' })
const manager = await jetstreamManager(connection)
const bucket = await new Objm(connection).create('B', { storage: 'memory' })
await bucket.putBlob({ name: 'o' }, new Uint8Array(100).fill(7))
const consumers = async () => (await manager.streams.info('OBJ_B')).state.consumer_count
let [reads, error] = [0, null]
while (!error && reads < 1100) {
  await bucket.getBlob('o').then(() => (reads += 1), (cause) => (error = cause.code ?? cause.message))
  if (reads === 10) console.log(JSON.stringify({ reads, consumers: await consumers() }))
}
console.log(JSON.stringify({ version: connection.info.version, reads, consumers: await consumers(), error }))
await connection.close()
JS
node probe.mjs | tee out.json
# Seen on 2026-11-29:
# {"reads":10,"consumers":10}
# {"version":"2.15.3","reads":1000,"consumers":1000,"error":10026}
grep -q '{"reads":10,"consumers":10}' out.json
grep -q '"reads":1000,"consumers":1000,"error":10026' out.json

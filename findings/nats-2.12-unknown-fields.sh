#!/usr/bin/env bash
# JetStream: nats-server 2.11.9 ignores a field it does not know in an API request (here STREAM.CREATE); from 2.12 the same
# request is refused with error 10025, "invalid JSON: json: unknown field". A client that sends a field of a newer or older
# API version works until the server is upgraded. Needs Go and Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
start() { # VERSION PORT
  [ -x "$work/$1/nats-server" ] || GOBIN="$work/$1" go install "github.com/nats-io/nats-server/v2@v$1"
  "$work/$1/nats-server" -js -sd "$work/store-$1" -a 127.0.0.1 -p "$2" >/dev/null 2>&1 &
  server=$!
  for _ in $(seq 100); do (: > "/dev/tcp/127.0.0.1/$2") 2>/dev/null && break; sleep 0.1; done
}
stop() { kill "$server"; wait "$server" 2>/dev/null || true; }
cat > probe.mjs <<'JS'
import { connect } from '@nats-io/transport-node'
const connection = await connect({ servers: `nats://127.0.0.1:${process.argv[2]}` })
const request = { name: 'S', subjects: ['s'], storage: 'memory', colour: 'blue' }
const reply = (await connection.request('$JS.API.STREAM.CREATE.S', JSON.stringify(request))).json()
console.log(JSON.stringify({ version: connection.info.version, created: Boolean(reply.config), error: reply.error?.err_code ?? null, text: reply.error?.description ?? null }))
await connection.close()
JS
start 2.11.9 42295; node probe.mjs 42295 | tee old.json; stop
start 2.12.1 42296; node probe.mjs 42296 | tee new.json; stop
# Seen on 2026-11-29:
# {"version":"2.11.9","created":true,"error":null,"text":null}
# {"version":"2.12.1","created":false,"error":10025,"text":"invalid JSON: json: unknown field \"colour\""}
grep -q '"version":"2.11.9","created":true,"error":null' old.json
grep -q '"version":"2.12.1","created":false,"error":10025' new.json

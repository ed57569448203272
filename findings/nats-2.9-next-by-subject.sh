#!/usr/bin/env bash
# JetStream, nats-server 2.9.10 (what Debian 12 installs): of three messages on one subject, delete the last and then the
# first, and a request for the next message of that subject finds none, although the stream counts one and gives it when
# asked by sequence number. A queue that is cleared by subject therefore keeps a message nobody finds. 2.15.3 finds it.
# Source: server/filestore.go of 2.9.10, removeSeqPerSubject: deleting the last message leaves `ss.Last` as it was, and
# when one message remains `ss.First = ss.Last` names the deleted one. Needs Go and Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
cat > probe.mjs <<'JS'
import { connect } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
const connection = await connect({ servers: `nats://127.0.0.1:${process.argv[2]}` })
const manager = await jetstreamManager(connection)
await manager.streams.add({ name: 'S', subjects: ['a', 'b'], storage: 'file', allow_direct: true })
// Another subject's message keeps the server from looking at every message anyway.
for (const subject of ['b', 'a', 'a', 'a', 'b', 'b', 'b']) await connection.request(subject, 'x')
for (const seq of [4, 2]) await manager.streams.deleteMessage('S', seq)
const { state } = await manager.streams.info('S', { subjects_filter: 'a' })
const bySubject = await manager.direct.getMessage('S', { seq: 1, next_by_subj: 'a' }).catch(() => null)
const bySequence = await manager.direct.getMessage('S', { seq: 3 }).catch(() => null)
console.log(JSON.stringify({
  version: connection.info.version,
  counted: state.subjects?.a ?? 0,
  foundBySubject: bySubject?.seq ?? null,
  foundBySequence: bySequence?.subject ?? null,
}))
await connection.close()
JS
probe() { # VERSION PORT
  GOBIN="$work/$1" go install "github.com/nats-io/nats-server/v2@v$1"
  "$work/$1/nats-server" -js -sd "$work/store-$1" -a 127.0.0.1 -p "$2" >/dev/null 2>&1 &
  server=$!
  for _ in $(seq 100); do (: > "/dev/tcp/127.0.0.1/$2") 2>/dev/null && break; sleep 0.1; done
  node probe.mjs "$2"
  kill "$server"; wait "$server" 2>/dev/null || true
}
probe 2.9.10 42291 | tee old.json
probe 2.15.3 42292 | tee new.json
# Seen on 2026-11-29:
# {"version":"2.9.10","counted":1,"foundBySubject":null,"foundBySequence":"a"}
# {"version":"2.15.3","counted":1,"foundBySubject":3,"foundBySequence":"a"}
grep -q '"counted":1,"foundBySubject":null,"foundBySequence":"a"' old.json
grep -q '"counted":1,"foundBySubject":3,"foundBySequence":"a"' new.json

#!/usr/bin/env bash
# JetStream, nats-server 2.15.3: a stream refuses a message whose id (Nats-Msg-Id) it has seen within the duplicate window,
# but what it has seen is rebuilt from the messages it still holds. A work queue removes each message once it is confirmed,
# so a clean restart makes it forget the ids of all finished work, with the window of one hour far from over, and takes the
# same job again. A stream with limits retention remembers. Needs Go and Node 20 or later.
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
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
const connection = await connect({ servers: `nats://127.0.0.1:${process.argv[2]}` })
const [client, manager] = [jetstream(connection), await jetstreamManager(connection)]
for (const retention of ['workqueue', 'limits']) {
  const publish = async () => (await client.publish(retention, 'job', { msgID: 'job-1' })).duplicate
  if (process.argv[3] === 'before') {
    await manager.streams.add({ name: retention, subjects: [retention], retention, storage: 'file', duplicate_window: 3600e9 })
    await manager.consumers.add(retention, { durable_name: 'worker', ack_policy: 'explicit' })
    await publish()
    await (await (await client.consumers.get(retention, 'worker')).next()).ackAck()
  }
  console.log(JSON.stringify({ version: connection.info.version, restart: process.argv[3], retention, secondIsDuplicate: await publish() }))
}
await connection.close()
JS
for moment in before after; do
  start 2.15.3 42294
  node probe.mjs 42294 $moment | tee -a out.txt
  stop
done
# Seen on 2026-11-29:
# {"version":"2.15.3","restart":"before","retention":"workqueue","secondIsDuplicate":true}
# {"version":"2.15.3","restart":"before","retention":"limits","secondIsDuplicate":true}
# {"version":"2.15.3","restart":"after","retention":"workqueue","secondIsDuplicate":false}
# {"version":"2.15.3","restart":"after","retention":"limits","secondIsDuplicate":true}
for line in '"before","retention":"workqueue","secondIsDuplicate":true' '"before","retention":"limits","secondIsDuplicate":true' \
  '"after","retention":"workqueue","secondIsDuplicate":false' '"after","retention":"limits","secondIsDuplicate":true'; do
  grep -q "$line" out.txt
done

#!/usr/bin/env bash
# nats-server 2.15.3: a message that reaches another account through a service import carries a header of the
# server's, Nats-Request-Info, which names the account that it came from; what the sender wrote there is replaced. A plain
# subscriber sees it. JetStream removes it before it stores the message, so no consumer of a stream can tell which account a
# message came from. (server/stream.go says so in a comment.) What tells it in a stream is the subject, where each account's
# import maps its own to another. Needs Go and Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
GOBIN="$work" go install github.com/nats-io/nats-server/v2@v2.15.3
cat > server.conf <<CONF
listen: "127.0.0.1:42297"
jetstream { store_dir: "$work/store" }
accounts {
  OWNER {
    jetstream: enabled
    users: [ { user: owner, password: "p" } ]
    exports: [ { service: "work.>" } ]
  }
  NODE1 {
    users: [ { user: node1, password: "p" } ]
    imports: [
      { service: { account: OWNER, subject: "work.plain" } }
      { service: { account: OWNER, subject: "work.by.node1" }, to: "work.by.me" }
    ]
  }
}
CONF
./nats-server -c server.conf >/dev/null 2>&1 &
server=$!
for _ in $(seq 100); do (: > /dev/tcp/127.0.0.1/42297) 2>/dev/null && break; sleep 0.1; done
cat > probe.mjs <<'JS'
import { connect, headers } from '@nats-io/transport-node'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
const join = (user) => connect({ servers: 'nats://127.0.0.1:42297', user, pass: 'p', inboxPrefix: `_INBOX_${user}` })
const [owner, node] = [await join('owner'), await join('node1')]
const manager = await jetstreamManager(owner)
await manager.streams.add({ name: 'S', subjects: ['work.>'] })
const from = (message) => JSON.parse(message.headers?.get('Nats-Request-Info') || message.header?.get('Nats-Request-Info') || '{}').acc ?? null
const heard = []
owner.subscribe('work.>', { callback: (_, message) => heard.push(from(message)) })
await owner.flush()
const forged = headers()
forged.set('Nats-Request-Info', '{"acc":"NODE2"}')
const client = jetstream(node, { checkAPI: false })
await client.publish('work.plain', 'x', { headers: forged })
await client.publish('work.by.me', 'x', { headers: forged })
await owner.flush()
for (const seq of [1, 2]) {
  const stored = await manager.streams.getMessage('S', { seq })
  console.log(JSON.stringify({ version: owner.info.version, subject: stored.subject, heardFrom: heard[seq - 1], storedFrom: from(stored) }))
}
await owner.close()
await node.close()
JS
node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# {"version":"2.15.3","subject":"work.plain","heardFrom":"NODE1","storedFrom":null}
# {"version":"2.15.3","subject":"work.by.node1","heardFrom":"NODE1","storedFrom":null}
grep -q '"subject":"work.plain","heardFrom":"NODE1","storedFrom":null' out.txt
grep -q '"subject":"work.by.node1","heardFrom":"NODE1","storedFrom":null' out.txt

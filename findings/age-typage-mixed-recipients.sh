#!/usr/bin/env bash
# typage (npm age-encryption) 0.3.1 encrypts one file to a classic X25519 recipient and a post-quantum one, without a word;
# age 1.3.2 decrypts that file with either identity, but refuses to write one for the same two recipients: "can't mix
# post-quantum and classic recipients". The two programs of the one format thus differ in what they write and agree in what
# they read; who wants age's rule has to check the recipients before typage does its work. Needs Go and Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund age-encryption@0.3.1
GOBIN="$work" go install filippo.io/age/cmd/age@v1.3.2
cat > probe.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption'
const encrypter = new Encrypter()
const identities = { classic: await generateX25519Identity(), hybrid: await generateHybridIdentity() }
let recipients = ''
for (const [name, identity] of Object.entries(identities)) {
  const recipient = await identityToRecipient(identity)
  encrypter.addRecipient(recipient)
  recipients += `${recipient}\n`
  writeFileSync(`${name}.txt`, `${identity}\n`, { mode: 0o600 })
}
writeFileSync('recipients.txt', recipients)
writeFileSync('mixed.age', await encrypter.encrypt('hello'))
JS
node probe.mjs
{
  echo "typage 0.3.1 wrote: $(grep -a '^-> ' mixed.age | cut -d' ' -f2 | paste -sd' ')"
  for name in classic hybrid; do echo "age $(./age --version), $name identity: $(./age -d -i $name.txt mixed.age)"; done
  if echo hello | ./age -R recipients.txt -o by-age.age 2>error.txt; then echo 'age wrote the mixed file'; else head -n 1 error.txt; fi
} | tee out.txt
# Seen on 2026-11-29:
# typage 0.3.1 wrote: X25519 mlkem768x25519
# age v1.3.2, classic identity: hello
# age v1.3.2, hybrid identity: hello
# age: error: incompatible recipients: can't mix post-quantum and classic recipients, or the file would be vulnerable to quantum computers
grep -q '^typage 0.3.1 wrote: X25519 mlkem768x25519$' out.txt
grep -q 'classic identity: hello$' out.txt
grep -q 'hybrid identity: hello$' out.txt
grep -q "incompatible recipients: can't mix post-quantum and classic" out.txt

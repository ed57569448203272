import type { ChildProcess } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { npy } from '../edge/npy.ts'
import { passphrase, temporaryFolder } from '../owner/exported.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { sealwright } from '../support/cli.ts'
import { deployTiny, tinyQuestion } from './tiny.ts'

it('one command starts a whole deployment on this machine, with an auditor where it has audits, and stops it', async () => {
  await ensureNatsServer()
  const folder = await temporaryFolder()
  try {
    const { id, bundle, keysFolder } = await deployTiny(folder, { audit: { rate: 1 } })
    await writeFile(join(folder, 'passphrase.txt'), passphrase)
    let child: ChildProcess | undefined
    let listening = (_url: string): void => {}
    const url = new Promise<string>((resolve) => (listening = resolve))
    const args = ['--keys', keysFolder, '--audit-log', join(folder, 'audit.log'), '--nodes', '1', '--quota', '100']
    const running = sealwright(
      ['cluster', bundle, ...args, '--passphrase-file', join(folder, 'passphrase.txt'), '--json'],
      {
        started: (process) => {
          child = process
          process.stdout!.on('data', (text) => {
            const found = /nats:\/\/[\d.:]+/.exec(String(text))
            if (found) listening(found[0])
          })
        },
      },
    )
    const ended = running.then(({ stdout, stderr }) => Promise.reject(new Error(stdout + stderr)))
    const { input, label } = tinyQuestion()
    const file = join(folder, 'sample.npy')
    await writeFile(file, npy(Array.from(input)))
    const server = await Promise.race([url, ended])
    const submitted = await sealwright(['edge', 'submit', bundle, '--nats', server, '--input', file, '--json'])
    expect(submitted.json()).toMatchObject({ jobs: [{ answer: { label } }] })
    ended.catch(() => {})
    child!.kill('SIGTERM')
    expect((await running).code).toBe(0)
    const { audits, blocked } = await new KeyStore(keysFolder).ledger.read(id)
    // One for the refresh, and one for the answer.
    expect({ audits, blocked }).toEqual({ audits: { passed: 2, failed: 0 }, blocked: [] })
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)

it('refuses bundles that are not one whole network', async () => {
  const folder = await temporaryFolder()
  try {
    const { bundle, keysFolder } = await deployTiny(folder)
    const args = ['--keys', keysFolder, '--audit-log', join(folder, 'audit.log'), '--json']
    const { code, stdout } = await sealwright(['cluster', bundle, bundle, ...args], {
      env: { SEALWRIGHT_PASSPHRASE: passphrase },
    })
    expect([code, JSON.parse(stdout).error.code]).toEqual([1, 'bad-cluster'])
  } finally {
    await rm(folder, { recursive: true })
  }
}, 60_000)

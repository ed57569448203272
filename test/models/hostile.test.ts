import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Examined } from './examine-child.ts'
import { chooseSeed } from '../support/seed.ts'

const child = fileURLToPath(new URL('examine-child.ts', import.meta.url))
const mutations = 2400
const limits = { cpuMs: 5000, bytes: 2 ** 30, silenceMs: 30_000 }

/** Runs the child; kills it when it is silent for too long, and fails when it does not end by itself. */
async function examineInChild(args: readonly string[]): Promise<Examined[]> {
  const examined: Examined[] = []
  const process_ = spawn(process.execPath, ['--no-warnings', child, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  process_.stderr.on('data', (chunk) => (errors += String(chunk)))
  let timer: NodeJS.Timeout | undefined
  const watch = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => process_.kill('SIGKILL'), limits.silenceMs)
  }
  watch()
  const ended = new Promise<number | null>((resolve) => process_.on('close', resolve))
  for await (const line of createInterface({ input: process_.stdout })) {
    watch()
    examined.push(JSON.parse(line) as Examined)
  }
  const code = await ended
  clearTimeout(timer)
  expect(code, `the child stopped after ${examined.at(-1)?.id ?? 'nothing'}: ${errors}`).toBe(0)
  return examined
}

function expectHarmless(examined: readonly Examined[]): void {
  expect(examined.filter(({ outcome }) => outcome !== 'model' && !outcome.startsWith('UserError: '))).toEqual([])
  expect(examined.filter(({ cpuMs }) => cpuMs > limits.cpuMs)).toEqual([])
  expect(examined.filter(({ peakBytes }) => peakBytes > limits.bytes)).toEqual([])
}

describe('files made to do harm', () => {
  it('each gives an error or a model, within five seconds and one gigabyte', async () => {
    const examined = await examineInChild(['files', fileURLToPath(new URL('hostile/', import.meta.url))])
    expect(examined.length).toBeGreaterThanOrEqual(96)
    expectHarmless(examined)
  })

  it(`so do ${mutations} mutations of valid models`, async () => {
    const seed = chooseSeed('mutations')
    const examined = await examineInChild(['mutations', String(seed), String(mutations)])
    expect(examined.length).toBe(mutations)
    expectHarmless(examined)
    expect(examined.filter(({ outcome }) => outcome === 'model').length).toBeGreaterThan(mutations / 50)
  })
})

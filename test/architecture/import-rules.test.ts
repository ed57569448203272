import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser'
import { describe, expect, it } from 'vitest'

interface Rules {
  readonly forbidden: (IForbiddenRuleType & { readonly name: string; readonly to: { readonly pathNot?: unknown } })[]
  readonly options: ICruiseOptions
}

const root = join(import.meta.dirname, '..', '..')
const configuration: string = join(root, '.dependency-cruiser.js')
const rules = ((await import(configuration)) as { default: Rules }).default

async function violations(baseDir: string, folders: string[]): Promise<string[]> {
  const { output } = await cruise(folders, {
    ...rules.options,
    tsConfig: { fileName: join(root, 'tsconfig.json') },
    baseDir,
    validate: true,
    ruleSet: { forbidden: rules.forbidden },
  })
  return (output as ICruiseResult).summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
}

describe('import rules', () => {
  it('hold in the sources', async () => {
    expect(await violations(root, ['src-main', 'src-renderer'])).toEqual([])
  })

  it('each refuse what they are for', async () => {
    const tree = mkdtempSync(join(tmpdir(), 'sealwright-rules-'))
    const offences: Record<string, string> = {
      'src-main/core/a.ts': "import './b.ts'\nimport 'node:fs'\nimport '../owner/keys.ts'\n",
      'src-main/core/b.ts': "import './a.ts'\n",
      'src-main/owner/keys.ts':
        "import 'node-seal'\nimport 'onnxruntime-node'\nimport 'electron'\nimport '@nats-io/jetstream'\n",
      'src-main/edge/main.ts': "import '../owner/keys.ts'\nimport '../seal/secret.ts'\n",
      'src-main/audit/main.ts': "import '../owner/keys.ts'\n",
      'src-main/seal/secret.ts': 'export const secret = 1\n',
      'src-main/seal/public.ts': "import './secret.ts'\n",
      'src-main/kernels/run.ts': "import '../seal/secret.ts'\n",
      'src-main/app/main.ts': "import '../owner/keys.ts'\n",
      'src-renderer/page.ts': "import '../src-main/seal/secret.ts'\n",
      'src-main/elsewhere/any.ts': 'export const any = 1\n',
      'src-main/core/elsewhere/any.ts': 'export const any = 1\n',
    }
    // A row of the import table is broken by what no row allows.
    for (const { name, from } of rules.forbidden) {
      const folder = /^\^(src-main\/.*)\/$/.exec(String(from.path))?.[1]
      if (!/^(core|folder)-/.test(name) || folder === undefined || folder === 'src-main/core') continue
      offences[`${folder}/row.ts`] = "import '../elsewhere/any.ts'\n"
    }
    try {
      for (const [path, source] of Object.entries(offences)) {
        mkdirSync(dirname(join(tree, path)), { recursive: true })
        writeFileSync(join(tree, path), source)
      }
      symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
      const found = await violations(tree, ['src-main', 'src-renderer'])
      const broken = new Set(found.map((violation) => violation.split(':')[0]))
      expect([...broken].sort()).toEqual(rules.forbidden.map((rule) => rule.name).sort())
    } finally {
      rmSync(tree, { recursive: true, force: true })
    }
  })

  it('are those that docs/architecture.md states', () => {
    const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8')
    const cells = [...page.matchAll(/^\| (`[^|]+`) \|[^|]*\| ([^|]*) \|$/gm)].flatMap(([, names, allowed]) =>
      [...names.matchAll(/`([^`]+)\/`/g)].map(([, name]) => [
        name,
        [...allowed.matchAll(/`([a-z]+)`/g)].map(([, to]) => to),
      ]),
    )
    const stated = Object.fromEntries(cells) as Record<string, string[]>
    for (const { name, from, to } of rules.forbidden) {
      const folder = /^\^src-main\/(.*)\/$/.exec(String(from.path))?.[1]
      if (!/^(core|folder)-/.test(name) || folder === undefined || folder === 'core') continue
      const allowed = /\((.*)\)\/$/.exec(String(to.pathNot))![1].split('|').slice(1)
      expect([folder, stated[folder]]).toEqual([folder, allowed])
    }
  })
})

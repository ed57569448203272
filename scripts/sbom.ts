/** A software bill of materials in CycloneDX 1.6, from the lock file: https://cyclonedx.org/docs/1.6/json */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

interface LockedPackage {
  readonly version: string
  readonly license?: string
  readonly integrity?: string
}

interface Component {
  readonly type: 'library' | 'platform' | 'framework'
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly { readonly license: { readonly name: string } }[]
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
}

/**
 * The packages of these folders (`node_modules/NAME`), sorted by folder, and what else is in the artefact. Equal input gives equal
 * bytes: it has no time and no serial number. Throws Error for a folder that the lock file does not have.
 */
export async function billOfMaterials(
  artefact: { readonly name: string; readonly version: string },
  folders: Iterable<string>,
  others: readonly Component[] = [],
): Promise<string> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>
  }
  const components = [...new Set(folders)].sort().map((folder) => {
    const found = lock.packages[folder]
    if (found === undefined) throw new Error(`${folder} is not in package-lock.json.`)
    return componentOf(folder.replace(/^.*node_modules\//, ''), found)
  })
  const bom = {
    ...{
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
    },
    metadata: { component: { type: 'application', ...artefact } },
    components: [...components, ...others],
  }
  return `${JSON.stringify(bom, null, 2)}\n`
}

function componentOf(name: string, { version, license, integrity }: LockedPackage): Component {
  const sha512 = /^sha512-(.*)$/.exec(integrity ?? '')?.[1]
  return {
    ...{ type: 'library', name, version },
    purl: npmUrl(name, version),
    ...(license !== undefined && { licenses: [{ license: { name: license } }] }),
    ...(sha512 !== undefined && {
      hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }],
    }),
  }
}

const npmUrl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`

/** What an artefact brings along besides packages of the lock file. */
export const platform = (name: string, version: string): Component => ({
  ...{ type: 'platform', name, version },
  purl: `pkg:generic/${name}@${version}`,
})

import { spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { buildEdge } from '../../scripts/build-edge.ts'
import { decrypt } from '../../src-main/owner/decrypt.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { npy } from '../edge/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { root } from '../support/cli.ts'

const words = (text: string, instruction: string): string[] =>
  [...text.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest]) => rest)

it('the files that the Containerfile copies verify a bundle and compute, with Node alone', async () => {
  const folder = await temporaryFolder()
  try {
    const context = join(folder, 'context')
    const { deploymentId } = await exportTiny(folder)
    await buildEdge(join(context, 'edge'))
    await cp(join(folder, 'tiny.sealed'), join(context, 'network.sealed'))
    await cp(join(folder, 'keys', deploymentId, 'signer.pem'), join(context, 'signer.pem'))

    const file = await readFile(join(root, 'examples', 'edge-in-a-container', 'Containerfile'), 'utf8')
    const image = join(folder, 'image')
    for (const copied of words(file, 'COPY')) {
      const [from, to] = copied.split(' ')
      await mkdir(dirname(join(image, to)), { recursive: true })
      await cp(join(context, from), join(image, to), { recursive: true })
    }
    await rm(context, { recursive: true })
    const [entry] = JSON.parse(words(file, 'ENTRYPOINT')[0])
    const within = (argument: string): string => (argument.startsWith('/') ? join(image, argument) : argument)
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(image, entry), ...args.map(within)], { cwd: image, env: {}, encoding: 'utf8' })

    const verify: string[] = JSON.parse(words(file, 'CMD')[0])
    expect(run(...verify)).toMatchObject({ status: 0, stderr: '' })
    const [, bundle, ...trust] = verify
    await writeFile(join(image, 'in.npy'), npy([0.3, -0.8, 1.5, 0.6]))
    expect(run('run', bundle, ...trust, '--input', '/in.npy', '--out', '/out.result')).toMatchObject({ status: 0 })
    const opening = { keysFolder: join(folder, 'keys'), unlock: { passphrase }, beyondBudget: true }
    const { label } = await decrypt({ result: join(image, 'out.result'), ...opening })
    const expected = tinyOutput([0.3, -0.8, 1.5, 0.6])
    expect(label).toBe(expected.indexOf(Math.max(...expected)))
  } finally {
    await rm(folder, { recursive: true })
  }
})

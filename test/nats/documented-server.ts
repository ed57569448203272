import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { root } from '../support/cli.ts'

export const tlsFile = (name: string): string => join(root, 'test', 'vectors', 'tls', name)

/** A server with docs/nats-server.conf for a deployment, edited first; everybody's password is USER-password. */
export async function startDocumentedServer(
  folder: string,
  deployment: string,
  edited: (template: string) => string = (template) => template,
): Promise<NatsServer> {
  const port = await freePort()
  const template = await readFile(join(root, 'docs', 'nats-server.conf'), 'utf8')
  const config = edited(template)
    .replaceAll(/\bID\b/g, deployment)
    .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
    .replace('TLS_CERTIFICATE', tlsFile('insecure-test.crt'))
    .replace('TLS_KEY', tlsFile('insecure-test.key'))
    .replace('STORE', join(folder, 'nats'))
    .replaceAll(/"(\w+)_PASSWORD"/g, (_, user: string) => `"${user.toLowerCase()}-password"`)
  await mkdir(join(folder, 'nats'))
  await writeFile(join(folder, 'nats-server.conf'), config)
  return await startNatsServer({ port, args: ['-c', join(folder, 'nats-server.conf')] })
}

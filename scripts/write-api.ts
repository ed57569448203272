/**
 * Writes docs/library.md from the docstrings and signatures of src-main/library/index.ts. `--check` compares instead, and exits
 * with 1 where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import ts from 'typescript'

const source = fileURLToPath(new URL('../src-main/library/index.ts', import.meta.url))
const page = fileURLToPath(new URL('../docs/library.md', import.meta.url))

/** The page's text, formatted as the project's Markdown. */
export async function apiPage(): Promise<string> {
  const file = ts.createSourceFile(source, readFileSync(source, 'utf8'), ts.ScriptTarget.Latest, true)
  const intro = comment(file.getFullText(), 0)
  const entries = file.statements.filter(ts.isFunctionDeclaration).flatMap((declaration) => {
    const text = declaration.getText()
    const signature = text.slice(0, text.indexOf(' {\n')).replace(/^export async /, '')
    return [`## ${declaration.name?.text}`, '```ts', signature, '```', comment(file.getFullText(), declaration.pos)]
  })
  const use =
    'Programs import it as `sealwright`. In a checkout that works as it is, after `npm ci`. Elsewhere, build the package and install it:'
  const commands = [
    '```sh',
    'npm run build:package && npm pack ./dist/package   # in the checkout',
    'npm install --ignore-scripts PATH/sealwright-VERSION.tgz',
    '```',
  ].join('\n')
  const conditions =
    'It needs one of the versions of Node in [README.md](../README.md#what-it-needs). Types come with it, for `moduleResolution` `nodenext` and `bundler`, with `@types/node` beside them; a `lib` of your own needs `DOM` for the types of WebAssembly, or set `skipLibCheck`. ' +
    'Without `--ignore-scripts`, ONNX Runtime’s package fetches CUDA libraries that Sealwright does not use.'
  const example = '[examples/protect-and-run](../examples/protect-and-run/main.ts) uses all of it in one file.'
  const types = 'Types are in `src-main/library/index.ts`, from which this page is made (`node scripts/write-api.ts`).'
  const text = ['# Sealwright as a library', intro, use, commands, conditions, example, types, ...entries]
    .join('\n\n')
    .replaceAll('```ts\n\n', '```ts\n')
  const options = await resolveConfig(page)
  return await format(text.replaceAll('\n\n```\n', '\n```\n'), { ...options, parser: 'markdown' })
}

/** The docstring that begins at or after `from`, as text; a line for each tag. */
function comment(text: string, from: number): string {
  const [, body = ''] = /\/\*\*([\s\S]*?)\*\//.exec(text.slice(from)) ?? []
  const lines = body.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trim())
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .replace(/^@throws (.*)$/m, '\nThrows $1.')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await apiPage()
  if (!process.argv.includes('--check')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/library.md is not what src-main/library/index.ts says. Run: node scripts/write-api.ts')
    process.exitCode = 1
  }
}

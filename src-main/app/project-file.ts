/** Projects on disk (.sealproj): JSON with the model's path and every choice; no weights, keys or passphrases. */
import { mkdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { UserError } from '../core/errors.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { choicesChange, chosenData, stageId, testRecord } from '../ipc/views.ts'
import { firstChoices, Project } from './project.ts'

/**
 * Version 1 had neither splits nor a history of tests, version 2 no choices for max-pools and for bundles of single nodes,
 * version 3 no least share of labels and no edge that it is meant for, version 4 neither framing nor names of classes, version 5 no
 * classes of calibration samples, version 6 no choice of quantities.
 */
const version = 7
const mostBytes = 1_000_000

const projectFile = z.strictObject({
  format: z.literal('sealwright-project'),
  version: z.number().int().min(1).max(version),
  kind: z.enum(['sample', 'file']),
  model: z.string(),
  choices: choicesChange.extend(chosenData),
  stage: stageId.default('model'),
  tests: z.array(testRecord).max(1000).readonly().default([]),
})

/** Under way, by path. */
const writing = new Map<string, Promise<void>>()

/** Writes to one path follow each other in the order of the calls, so that the last choice is what stays. */
export async function saveProject(project: Project, path: string): Promise<void> {
  const { kind, model, choices, stage, tests } = project
  const content = projectFile.parse({ format: 'sealwright-project', version, kind, model, choices, stage, tests })
  const before = writing.get(path)
  const written = (async () => {
    await before?.catch(() => {})
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeAtomically(path, { force: true, mode: 0o600 }, async (file) => {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
    })
  })()
  writing.set(path, written)
  try {
    await written
  } finally {
    if (writing.get(path) === written) writing.delete(path)
  }
}

/** @throws UserError file-not-found, not-a-project, unsupported-project-version */
export async function loadProject(path: string): Promise<Project> {
  const where = { file: basename(path) }
  if ((await bytesOf(path)) > mostBytes) throw new UserError('not-a-project', `${where.file} is too large.`, { where })
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new UserError('not-a-project', `${where.file} is not a Sealwright project.`, { where, cause })
  }
  const theirs = z.object({ format: z.literal('sealwright-project'), version: z.number() }).safeParse(content)
  if (theirs.success && theirs.data.version > version) {
    const message = `${where.file} is a project of version ${theirs.data.version}; this Sealwright reads up to version ${version}.`
    throw new UserError('unsupported-project-version', message, { where })
  }
  const parsed = projectFile.safeParse(content)
  if (!parsed.success) {
    throw new UserError('not-a-project', `${where.file} is not a Sealwright project.`, { where, cause: parsed.error })
  }
  const { kind, model, stage, tests } = parsed.data
  const choices = { ...firstChoices, ...parsed.data.choices }
  return new Project(kind, model, await bytesOf(model), { choices, stage, tests })
}

/** @throws UserError file-not-found, not-a-file */
export async function bytesOf(path: string): Promise<number> {
  const where = { file: basename(path) }
  const file = await stat(path).catch((cause: unknown) => {
    throw new UserError('file-not-found', `${where.file} cannot be read.`, { where, cause })
  })
  if (!file.isFile()) throw new UserError('not-a-file', `${where.file} is not a file.`, { where })
  return file.size
}

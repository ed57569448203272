import { z } from 'zod'
import type { ManifestEntry } from './manifest.ts'

/*
 * What an OpenSSF Model Signing v1.0 signature states: an in-toto statement that lists every file with its hash.
 * https://github.com/ossf/model-signing-spec (Apache-2.0)
 */
export const STATEMENT_MEDIA_TYPE = 'application/vnd.in-toto+json'
const statementType = 'https://in-toto.io/Statement/v1'
export const PREDICATE_TYPE = 'https://model_signing/signature/v1.0'

const hex = z.string().regex(/^[0-9a-f]{64}$/)

export const statementSchema = z.object({
  _type: z.literal(statementType),
  subject: z.tuple([z.object({ name: z.string().min(1), digest: z.object({ sha256: hex }) })]),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    resources: z
      .array(z.object({ name: z.string().min(1), digest: hex, algorithm: z.literal('sha256') }))
      .min(1)
      .max(8200),
    serialization: z.strictObject({
      method: z.literal('files'),
      hash_type: z.literal('sha256'),
      allow_symlinks: z.literal(false),
      ignore_paths: z.array(z.string().min(1)).optional(),
    }),
  }),
})

export type Statement = z.infer<typeof statementSchema>
export type NamedDigest = Pick<ManifestEntry, 'name' | 'sha256'>

/** The statement over all entries, sorted by name; `rootDigest` hashes the concatenated hashes. */
export function makeStatement(
  entries: readonly NamedDigest[],
  ignored: readonly string[],
  rootDigest: (digests: readonly string[]) => string,
): Statement {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    _type: statementType,
    subject: [{ name: 'model', digest: { sha256: rootDigest(sorted.map(({ sha256 }) => sha256)) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ignore_paths: [...ignored] },
      resources: sorted.map(({ name, sha256 }) => ({ name, digest: sha256, algorithm: 'sha256' })),
    },
  }
}

import { UserError } from '../core/errors.ts'

/** Instead of parquet.ts in the edge's folder, which is a fifth smaller for it. @throws UserError unsupported-data-format */
const refuse = (_source: unknown, path: string): never => {
  throw new UserError('unsupported-data-format', `${path}: this edge does not read Parquet.`, {
    where: { file: path },
    hint: 'Give .npy, .npz, .csv or pictures; `sealwright edge` of the whole project reads Parquet.',
  })
}

export { refuse as parquetLabels, refuse as parquetSamples }

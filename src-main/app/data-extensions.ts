/** What docs/data.md lists. */
const arrays = ['npy', 'npz', 'gz', 'csv', 'tsv', 'txt', 'parquet', 'bin', 'idx', 'ubyte']
const pictures = ['png', 'jpg', 'jpeg', 'webp', 'bmp']

export const dataExtensions = { samples: [...arrays, ...pictures], labels: arrays }

/** MNIST's files end behind a hyphen: `t10k-images-idx3-ubyte`. Sound is refused as data, with what to do instead. */
const dataName = new RegExp(`[.-](${[...dataExtensions.samples, 'wav'].join('|')})$`, 'i')

export const looksLikeData = (path: string): boolean => dataName.test(path)

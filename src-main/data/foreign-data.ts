interface Foreign {
  readonly what: string
  readonly hint: string
}

export const SOUND_HINT =
  'The network takes what your training made of the sound, such as a spectrogram or cepstrum: compute that there and save it with numpy.save.'

const asNpy = 'Read it with the tool that wrote it, and save samples and labels with numpy.save.'
const unpack = 'Unpack it first.'

/** Formats by their first bytes as latin1, and what to do with each. */
const FOREIGN: readonly (readonly [start: RegExp, foreign: Foreign])[] = [
  [/^RIFF[^]{4}WAVE|^fLaC|^OggS|^ID3/, { what: 'sound', hint: SOUND_HINT }],
  [/^RIFF[^]{4}WEBP/, { what: 'a WebP picture', hint: 'Let its name end in .webp, or convert it to PNG.' }],
  [/^GIF8/, { what: 'a GIF picture', hint: 'Convert it to PNG.' }],
  [/^BM/, { what: 'a BMP picture', hint: 'Let its name end in .bmp, or convert it to PNG.' }],
  [/^(II\*\0|MM\0\*)/, { what: 'a TIFF picture', hint: 'Convert it to PNG.' }],
  [/^[^]{4}ftyp(avif|heic|mif1)/, { what: 'an AVIF or HEIC picture', hint: 'Convert it to PNG.' }],
  [/^\x89HDF/, { what: 'HDF5', hint: asNpy }],
  [/^MATLAB 5\.0/, { what: 'a MATLAB file', hint: asNpy }],
  [/^\x80[\x02-\x05]/, { what: 'a Python pickle', hint: `${asNpy} CIFAR is also published as binaries.` }],
  [/^PK\x03\x04/, { what: 'a ZIP archive', hint: unpack }],
  [/^[^]{257}ustar/, { what: 'a tar archive', hint: unpack }],
  [/^ARROW1/, { what: 'an Arrow file', hint: 'Save it as Parquet.' }],
  [/^version https:\/\/git-lfs/, { what: 'a Git LFS pointer', hint: 'Fetch the file itself with git lfs pull.' }],
  [/^\s*<(!doctype|html)/i, { what: 'a web page', hint: 'Download the file itself.' }],
]

/** What a file is that is no data we read; undefined where nobody knows. */
export function foreignData(start: Uint8Array): Foreign | undefined {
  const text = Buffer.from(start).toString('latin1')
  return FOREIGN.find(([pattern]) => pattern.test(text))?.[1]
}

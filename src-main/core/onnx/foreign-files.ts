interface ForeignFile {
  readonly what: string
  readonly hint: string
}

/** Formats by what stands at a place of the file: text, or bytes as text of code points up to 255. */
const formats: readonly (ForeignFile & { readonly at: number; readonly magic: string })[] = [
  {
    at: 0,
    magic: 'version https://git-lfs',
    what: 'a Git LFS pointer, not the file itself',
    hint: 'Fetch the file with “git lfs pull”, or download it from the page of the repository.',
  },
  {
    at: 4,
    magic: 'TFL3',
    what: 'a TensorFlow Lite model',
    hint: 'Give it a name that ends in .tflite, or export ONNX.',
  },
  {
    at: 4,
    magic: 'ORTM',
    what: 'a model in ONNX Runtime’s own format (.ort)',
    hint: 'Give the .onnx file that it was made from.',
  },
  {
    at: 0,
    magic: '\x89HDF\r\n',
    what: 'a Keras or HDF5 file',
    hint: 'Export it: model.export("network.onnx", format="onnx") in Keras 3.',
  },
  { at: 0, magic: 'GGUF', what: 'weights of a language model (GGUF)', hint: 'Give a model exported as .onnx.' },
  { at: 0, magic: '\x1f\x8b', what: 'compressed with gzip', hint: 'Unpack it with gunzip first.' },
  { at: 0, magic: '7767517', what: 'an NCNN parameter file', hint: 'Give the ONNX file that it was converted from.' },
  { at: 0, magic: '\x89PNG', what: 'a picture', hint: 'Give a model exported as .onnx.' },
  { at: 0, magic: '<net', what: 'an OpenVINO model', hint: 'Give the ONNX file that it was converted from.' },
  { at: 257, magic: 'ustar', what: 'a tar archive', hint: 'Unpack it, and give the .onnx file in it.' },
]

/** What a file that is no ONNX is, by its first bytes. */
export function foreignFile(bytes: Uint8Array): ForeignFile | undefined {
  const known = formats.find(({ at, magic }) => textAt(bytes, at, magic.length) === magic)
  if (known) return known
  const start = textAt(bytes, 0, 512)
  if (start.startsWith('PK\x03\x04')) return archive(bytes)
  if (/^\x80[\x02-\x05]/.test(start)) {
    return {
      what: 'a Python pickle, such as a model of scikit-learn or an old PyTorch checkpoint',
      hint: 'Load it in Python and export it: skl2onnx.to_onnx(model, samples), or torch.onnx.export.',
    }
  }
  if (/^\s*<(!doctype html|html)/i.test(start)) {
    return { what: 'a web page', hint: 'Download the file itself, not the page that shows it (“raw”, “download”).' }
  }
  if (/^\s*<\?xml[^]*<net/i.test(start)) {
    return { what: 'an OpenVINO model', hint: 'Give the ONNX file that it was converted from.' }
  }
  if (start.slice(8).startsWith('{"') && bytes.byteLength > 8 && bytes[7] === 0) {
    return { what: 'a safetensors file: weights without a network', hint: 'Export the network as ONNX.' }
  }
  const convert = 'Convert it to ONNX, its weights included, such as by way of PyTorch.'
  if (/^\s*\[net(work)?\]/.test(start)) return { what: 'a Darknet network', hint: convert }
  if (/^[\t\n\r -~]*\n\s*layers?\s*\{/.test(start)) return { what: 'a Caffe network', hint: convert }
  if (/^\s*(ir_version|producer_name|opset_import|graph)\s*[:{]/.test(start)) {
    return {
      what: 'ONNX as text',
      hint: 'Write it in binary: onnx.save(onnx.load("network.onnx", format="textproto"), "binary.onnx").',
    }
  }
  if (/saved_model|tf\.|serve/.test(start) && start.includes('\x12')) {
    return {
      what: 'a TensorFlow SavedModel',
      hint: 'Convert it: python -m tf2onnx.convert --saved-model FOLDER --output network.onnx.',
    }
  }
  return undefined
}

function archive(bytes: Uint8Array): ForeignFile {
  const start = textAt(bytes, 0, 4096)
  if (/data\.pkl|\/version|constants\.pkl/.test(start)) {
    return { what: 'a PyTorch checkpoint', hint: 'Load it in PyTorch and export it with torch.onnx.export.' }
  }
  if (/config\.json|metadata\.json|model\.weights\.h5/.test(start)) {
    return {
      what: 'a Keras file',
      hint: 'Export it: model.export("network.onnx", format="onnx") in Keras 3.',
    }
  }
  return { what: 'a zip archive', hint: 'Unpack it, and give the .onnx file in it.' }
}

const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length))

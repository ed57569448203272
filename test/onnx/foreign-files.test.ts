import { expect, it } from 'vitest'
import { readOnnx } from '../../src-main/core/onnx/read-onnx.ts'
import { errorOf } from './small-model.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

it.each([
  ['Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 26454\n'],
  ['web page', '<!DOCTYPE html><html><head><title>Sign in</title></head></html>'],
  ['TensorFlow Lite', '\x1c\0\0\0TFL3\0\0\0\0'],
  ['ONNX Runtime’s own format', '\x18\0\0\0ORTM\0\0\0\0'],
  ['PyTorch checkpoint', 'PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0archive/data.pkl'],
  ['Keras', '\x89HDF\r\n\x1a\n\0\0'],
  ['zip archive', 'PK\x03\x04\0\0\0\0\0\0\0\0network.onnx'],
  ['gzip', '\x1f\x8b\x08\0\0\0'],
  ['safetensors', '\x40\0\0\0\0\0\0\0{"weight":{"dtype":"F32"}}'],
  ['OpenVINO', '<?xml version="1.0"?>\n<net name="network" version="11">'],
  ['NCNN', '7767517\n75 83\n'],
  ['Python pickle', '\x80\x04\x95\0\0'],
  ['GGUF', 'GGUF\x03\0\0\0'],
  ['Caffe network', 'name: "LeNet"\nlayer {\n  name: "data"\n'],
  ['Darknet network', '[net]\nbatch=1\n[convolutional]\n'],
  ['ONNX as text', 'ir_version: 8\nproducer_name: "pytorch"\ngraph {\n'],
])('says that a file is a %s, and what to do', (what, text) => {
  const error = errorOf(() => readOnnx(bytes(text)))
  expect(error.code).toBe('not-onnx')
  expect(error.message).toContain(what)
  expect(error.hint).toBeTruthy()
})

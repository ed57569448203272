/** A network file's name without the ending that says what it is. */
export const withoutEnding = (fileName: string): string => fileName.replace(/\.(onnx|tflite)$/i, '')

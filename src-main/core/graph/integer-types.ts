/** ONNX's integer types by name: least and greatest value. */
export const integerRanges = {
  int2: [-2, 1],
  uint2: [0, 3],
  int4: [-8, 7],
  uint4: [0, 15],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint64: [0, 2 ** 64],
} as const satisfies Record<string, readonly [number, number]>

export type IntegerType = keyof typeof integerRanges

/** TensorProto.DataType → name. */
const byNumber: ReadonlyMap<number, IntegerType> = new Map([
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [21, 'uint4'],
  [22, 'int4'],
  [25, 'uint2'],
  [26, 'int2'],
])

/** The integer type of an ONNX data type number; undefined for others. */
export const integerTypeOf = (dataType: number | undefined): IntegerType | undefined => byNumber.get(dataType ?? 0)

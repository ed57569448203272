#!/usr/bin/env bash
# LiteRT 2.3.0 (ai-edge-litert): one int8 FULLY_CONNECTED with weight 1 that divides by 8 has three answers on one machine.
# With XNNPACK, the default, 4/8 is 0 (halves to even). With the reference kernels 4/8 is 1. With the built-in kernels and
# no delegate even 3/8 is 1 on x64 with AVX: ruy multiplies by a half, rounds, then shifts and rounds a second time. The same
# kernels give 3/8 = 0 when RUY_PATHS=1 keeps ruy to its plain C++ code. A bit-exact oracle must name its kernels.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 flatbuffers==25.12.19 ai-edge-litert==2.3.0
cat > probe.py <<'PY'
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl
from ai_edge_litert.interpreter import Interpreter, OpResolverType
def tensor(name, shape, kind, buffer, scale):
    t, q = tfl.TensorT(), tfl.QuantizationParametersT()
    t.name, t.shape, t.type, t.buffer, t.quantization = name, shape, kind, buffer, q
    q.scale, q.zeroPoint = np.array([scale], np.float32), np.array([0], np.int64)
    return t
def buffer(values=None):
    b = tfl.BufferT()
    b.data = None if values is None else np.frombuffer(values.tobytes(), np.uint8)
    return b
int8, int32 = tfl.TensorType.INT8, tfl.TensorType.INT32
graph, code, operator, model = tfl.SubGraphT(), tfl.OperatorCodeT(), tfl.OperatorT(), tfl.ModelT()
graph.tensors = [tensor('x', [1, 1], int8, 0, 1), tensor('w', [1, 1], int8, 1, 1), tensor('b', [1], int32, 2, 1), tensor('y', [1, 1], int8, 0, 8)]
graph.inputs, graph.outputs, graph.operators = [0], [3], [operator]
operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3]
operator.builtinOptionsType, operator.builtinOptions = tfl.BuiltinOptions.FullyConnectedOptions, tfl.FullyConnectedOptionsT()
code.builtinCode = code.deprecatedBuiltinCode = tfl.BuiltinOperator.FULLY_CONNECTED
code.version = 4
model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
model.buffers = [buffer(), buffer(np.array([1], np.int8)), buffer(np.array([0], np.int32))]
builder = flatbuffers.Builder(1024)
builder.Finish(model.Pack(builder), b'TFL3')
file = bytes(builder.Output())
for name in ('AUTO', 'BUILTIN_WITHOUT_DEFAULT_DELEGATES', 'BUILTIN_REF'):
    run = Interpreter(model_content=file, experimental_op_resolver_type=OpResolverType[name], num_threads=1)
    run.allocate_tensors()
    answers = []
    for x in range(17):
        run.set_tensor(run.get_input_details()[0]['index'], np.array([[x]], np.int8))
        run.invoke()
        answers.append(int(run.get_tensor(run.get_output_details()[0]['index'])[0, 0]))
    print(name, *answers)
PY
echo 'as the machine chooses:' > out.txt
env/bin/python probe.py 2>errors.txt >>out.txt || { cat errors.txt; exit 1; }
echo 'RUY_PATHS=1:' >> out.txt
RUY_PATHS=1 env/bin/python probe.py 2>errors.txt >>out.txt || { cat errors.txt; exit 1; }
env/bin/pip list 2>/dev/null | grep ai-edge-litert
cat out.txt
# Seen on 2026-11-29 for 0/8 to 16/8 (x64):
# ai-edge-litert 2.3.0
# as the machine chooses:
# AUTO 0 0 0 0 0 1 1 1 1 1 1 1 2 2 2 2 2
# BUILTIN_WITHOUT_DEFAULT_DELEGATES 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2 2
# BUILTIN_REF 0 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2
# RUY_PATHS=1:
# AUTO 0 0 0 0 0 1 1 1 1 1 1 1 2 2 2 2 2
# BUILTIN_WITHOUT_DEFAULT_DELEGATES 0 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2
# BUILTIN_REF 0 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2
[ "$(grep -cF 'AUTO 0 0 0 0 0 1 1 1 1 1 1 1 2 2 2 2 2' out.txt)" = 2 ]
[ "$(grep -cF 'BUILTIN_REF 0 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2' out.txt)" = 2 ]
[ "$(grep -cF 'BUILTIN_WITHOUT_DEFAULT_DELEGATES 0 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2' out.txt)" -ge 1 ]
if [ "$(uname -m)" = x86_64 ]; then grep -qF 'BUILTIN_WITHOUT_DEFAULT_DELEGATES 0 0 0 1 1 1 1 1 1 1 1 2 2 2 2 2 2' out.txt; fi

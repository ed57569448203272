#!/usr/bin/env bash
# ONNX Runtime 1.32.0: ConvInteger refuses a weight zero point for each output channel, which the operator's text allows, even
# when all of them are equal; QLinearConv computes the same network. The file loads, the error comes at the first run.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
def constant(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(value, dtype), name)
def network(nodes, inputs, outputs, constants=(), opset=17):
    info = lambda value: helper.make_tensor_value_info(*value)
    graph = helper.make_graph(nodes, 'g', [info(v) for v in inputs], [info(v) for v in outputs], list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
def session(model, level=ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    return ort.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])
OFF = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
FLOAT = TensorProto.FLOAT
ort.set_default_logger_severity(4)

x = np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2)
def answer(op, zeros):
    w = constant('w', [[[[1]]], [[[2]]]], np.int8)
    xz, wz, one, ones = constant('xz', 0, np.uint8), constant('wz', zeros, np.int8), constant('one', 1), constant('ones', [1, 1])
    integer = op == 'ConvInteger'
    names = ['x', 'w', 'xz', 'wz'] if integer else ['x', 'one', 'xz', 'w', 'ones', 'wz', 'one', 'xz']
    out = ('y', TensorProto.INT32 if integer else TensorProto.UINT8, [1, 2, 2, 2])
    constants = [w, xz, wz] if integer else [w, xz, wz, one, ones]
    model = network([helper.make_node(op, names, ['y'])], [('x', TensorProto.UINT8, [1, 1, 2, 2])], [out], constants)
    run = session(model)
    try:
        return run.run(None, {'x': x})[0][0].reshape(2, 4).tolist()
    except Exception as error:
        return 'error at run'
print('onnxruntime', ort.__version__)
print('ConvInteger, one zero point of 0:', answer('ConvInteger', 0))
print('ConvInteger, zero points 0 and 0:', answer('ConvInteger', [0, 0]))
print('ConvInteger, zero points 0 and 1:', answer('ConvInteger', [0, 1]))
print('QLinearConv, zero points 0 and 1:', answer('QLinearConv', [0, 1]))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0
# ConvInteger, one zero point of 0: [[0, 1, 2, 3], [0, 2, 4, 6]]
# ConvInteger, zero points 0 and 0: error at run
# ConvInteger, zero points 0 and 1: error at run
# QLinearConv, zero points 0 and 1: [[0, 1, 2, 3], [0, 1, 2, 3]]
grep -qF 'ConvInteger, one zero point of 0: [[0, 1, 2, 3], [0, 2, 4, 6]]' out.txt
grep -qF 'ConvInteger, zero points 0 and 0: error at run' out.txt
grep -qF 'ConvInteger, zero points 0 and 1: error at run' out.txt
grep -qF 'QLinearConv, zero points 0 and 1: [[0, 1, 2, 3], [0, 1, 2, 3]]' out.txt

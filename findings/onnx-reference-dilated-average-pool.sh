#!/usr/bin/env bash
# onnx 1.23.2, ReferenceEvaluator: AveragePool with auto_pad SAME_UPPER and dilations answers zeros where the average of ones
# must be one, with count_include_pad 0: it pads for the undilated window, and cells that its loop does not reach stay 0. With
# the same padding written out as pads it is right. A test that takes the reference as its oracle holds the wrong answer.
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

from onnx.reference import ReferenceEvaluator
x = np.ones((1, 1, 5, 5), np.float32)
print('onnx', onnx.__version__)
for name, padding in (('SAME_UPPER', {'auto_pad': 'SAME_UPPER'}), ('pads written', {'pads': [2, 2, 2, 2]})):
    node = helper.make_node('AveragePool', ['x'], ['y'], kernel_shape=[3, 3], strides=[2, 2], dilations=[2, 2], **padding)
    model = network([node], [('x', FLOAT, [1, 1, 5, 5])], [('y', FLOAT, [1, 1, 3, 3])], opset=22)
    print(name, ReferenceEvaluator(model).run(None, {'x': x})[0].ravel().tolist())
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnx 1.23.2
# SAME_UPPER [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
# pads written [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
grep -qF 'SAME_UPPER [1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]' out.txt
grep -qF 'pads written [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]' out.txt

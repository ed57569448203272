#!/usr/bin/env bash
# ONNX Runtime 1.32.0: MaxPool with auto_pad SAME_UPPER and dilations gives a smaller picture than the operator's text and
# shape inference say (5x5 declared and inferred, 3x3 returned): it pads as if the window were not dilated. With a global
# pooling behind it the network answers from fewer windows without a word. Conv with the same attributes is refused at the
# first run instead. With the padding written out both are right.
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

x = np.arange(25, dtype=np.float32).reshape(1, 1, 5, 5)
def answer(op, constants=(), tail=False, **attributes):
    node = helper.make_node(op, ['x', *(c.name for c in constants)], ['p' if tail else 'y'], dilations=[2, 2], kernel_shape=[3, 3], **attributes)
    nodes = [node, helper.make_node('GlobalAveragePool', ['p'], ['y'])] if tail else [node]
    shape = [1, 1, 1, 1] if tail else [1, 1, 5, 5]
    model = network(nodes, [('x', FLOAT, [1, 1, 5, 5])], [('y', FLOAT, shape)], constants, opset=22)
    try:
        y = session(model, OFF).run(None, {'x': x})[0]
        return round(float(y.ravel()[0]), 3) if tail else y.shape
    except Exception as error:
        return 'error: ' + str(error).split('Message: ')[-1][:60]
same, written = {'auto_pad': 'SAME_UPPER'}, {'pads': [2, 2, 2, 2]}
weight = [constant('w', np.ones((1, 1, 3, 3)))]
print('onnxruntime', ort.__version__)
print('MaxPool SAME_UPPER:', answer('MaxPool', **same), 'pads written:', answer('MaxPool', **written))
print('then the mean, SAME_UPPER:', answer('MaxPool', tail=True, **same), 'pads written:', answer('MaxPool', tail=True, **written))
print('Conv SAME_UPPER:', answer('Conv', weight, **same), 'pads written:', answer('Conv', weight, **written))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0
# MaxPool SAME_UPPER: (1, 1, 3, 3) pads written: (1, 1, 5, 5)
# then the mean, SAME_UPPER: 20.0 pads written: 19.2
# Conv SAME_UPPER: error: Dilation not supported for AutoPadType::SAME_UPPER or AutoPa pads written: (1, 1, 5, 5)
grep -qF 'MaxPool SAME_UPPER: (1, 1, 3, 3) pads written: (1, 1, 5, 5)' out.txt
grep -qF 'Conv SAME_UPPER: error: Dilation not supported' out.txt
grep -qF 'then the mean, SAME_UPPER: 20.0 pads written: 19.2' out.txt

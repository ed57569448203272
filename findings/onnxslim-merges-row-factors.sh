#!/usr/bin/env bash
# onnxslim 0.1.98: a Mul by a vector behind a Conv is merged into the weights as one factor a channel, although ONNX broadcasts
# a vector of rank 1 along the width. When the picture is as wide as the Conv has channels the slimmed file is valid, has the
# same shapes, and answers something else. The same happens with a [3, 1] factor, which belongs to the rows. Only a factor
# of shape [3, 1, 1] is one a channel. An Add of the same shapes is left alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 onnxslim==0.1.98
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

import onnxslim
x = np.ones((1, 1, 3, 3), np.float32)
def compare(op, shape):
    w, f = constant('w', np.ones((3, 1, 1, 1))), constant('f', np.reshape([1, 2, 3], shape))
    nodes = [helper.make_node('Conv', ['x', 'w'], ['c']), helper.make_node(op, ['c', 'f'], ['y'])]
    model = network(nodes, [('x', FLOAT, [1, 1, 3, 3])], [('y', FLOAT, [1, 3, 3, 3])], [w, f])
    before = session(model, OFF).run(None, {'x': x})[0]
    slim = onnxslim.slim(model)
    after = session(slim, OFF).run(None, {'x': x})[0]
    print(op, shape, '+'.join(n.op_type for n in slim.graph.node), 'first channel', before[0, 0].ravel().astype(int).tolist(),
          '->', after[0, 0].ravel().astype(int).tolist())
print('onnxslim', onnxslim.__version__, 'onnx', onnx.__version__, 'onnxruntime', ort.__version__)
for op, shape in (('Mul', (3,)), ('Mul', (3, 1)), ('Mul', (3, 1, 1)), ('Add', (3,))):
    compare(op, shape)
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxslim 0.1.98 onnx 1.23.2 onnxruntime 1.32.0
# Mul (3,) Conv first channel [1, 2, 3, 1, 2, 3, 1, 2, 3] -> [1, 1, 1, 1, 1, 1, 1, 1, 1]
# Mul (3, 1) Conv first channel [1, 1, 1, 2, 2, 2, 3, 3, 3] -> [1, 1, 1, 1, 1, 1, 1, 1, 1]
# Mul (3, 1, 1) Conv first channel [1, 1, 1, 1, 1, 1, 1, 1, 1] -> [1, 1, 1, 1, 1, 1, 1, 1, 1]
# Add (3,) Conv+Add first channel [2, 3, 4, 2, 3, 4, 2, 3, 4] -> [2, 3, 4, 2, 3, 4, 2, 3, 4]
grep -qF 'Mul (3,) Conv first channel [1, 2, 3, 1, 2, 3, 1, 2, 3] -> [1, 1, 1, 1, 1, 1, 1, 1, 1]' out.txt
grep -qF 'Mul (3, 1) Conv first channel [1, 1, 1, 2, 2, 2, 3, 3, 3] -> [1, 1, 1, 1, 1, 1, 1, 1, 1]' out.txt
grep -qF 'first channel [2, 3, 4, 2, 3, 4, 2, 3, 4] -> [2, 3, 4, 2, 3, 4, 2, 3, 4]' out.txt

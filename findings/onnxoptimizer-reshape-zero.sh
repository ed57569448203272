#!/usr/bin/env bash
# onnxoptimizer 0.4.2, default passes: of two Reshapes in a row the first is removed. A 0 in the second's shape stands for "as
# the input's", and its input is now another: [2, 3, 3] through [3, 2, 3] and [0, -1] was [3, 6] and becomes [2, 9]. The
# optimised file contradicts its own declared output; ONNX Runtime runs it all the same and answers in the other shape.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 onnxoptimizer==0.4.2
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

import onnxoptimizer
from importlib.metadata import version
nodes = [helper.make_node('Reshape', ['x', 'a'], ['r']), helper.make_node('Reshape', ['r', 'b'], ['y'])]
shapes = [constant('a', [3, 2, 3], np.int64), constant('b', [0, -1], np.int64)]
model = network(nodes, [('x', FLOAT, [2, 3, 3])], [('y', FLOAT, [3, 6])], shapes)
after = onnxoptimizer.optimize(model)
print('onnxoptimizer', version('onnxoptimizer'), 'onnxruntime', ort.__version__)
for name, net in (('before', model), ('after', after)):
    y = session(net).run(None, {'x': np.zeros((2, 3, 3), np.float32)})[0]
    print(name, len(net.graph.node), 'Reshape, declared', [d.dim_value for d in net.graph.output[0].type.tensor_type.shape.dim], 'answered', list(y.shape))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxoptimizer 0.4.2 onnxruntime 1.32.0
# before 2 Reshape, declared [3, 6] answered [3, 6]
# after 1 Reshape, declared [3, 6] answered [2, 9]
grep -qF 'before 2 Reshape, declared [3, 6] answered [3, 6]' out.txt
grep -qF 'after 1 Reshape, declared [3, 6] answered [2, 9]' out.txt

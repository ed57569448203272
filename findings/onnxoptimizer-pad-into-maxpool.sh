#!/usr/bin/env bash
# onnxoptimizer 0.4.2, default passes: a Pad with zeros in front of a MaxPool is merged into the MaxPool's own pads
# (fuse_pad_into_pool). MaxPool pads with minus infinity, so a border window of negative values, whose maximum was the
# padding's 0, now gives the negative value. The file stays
# valid and keeps its shapes.
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
x = np.full((1, 1, 3, 3), -1, np.float32)
nodes = [helper.make_node('Pad', ['x', 'p'], ['q']), helper.make_node('MaxPool', ['q'], ['y'], kernel_shape=[3, 3])]
model = network(nodes, [('x', FLOAT, [1, 1, 3, 3])], [('y', FLOAT, [1, 1, 3, 3])], [constant('p', [0, 0, 1, 1, 0, 0, 1, 1], np.int64)])
after = onnxoptimizer.optimize(model)
print('onnxoptimizer', version('onnxoptimizer'), 'onnxruntime', ort.__version__)
for name, net in (('before', model), ('after', after)):
    ops = '+'.join(n.op_type for n in net.graph.node)
    print(name, ops, session(net, OFF).run(None, {'x': x})[0].astype(int).ravel().tolist())
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxoptimizer 0.4.2 onnxruntime 1.32.0
# before Pad+MaxPool [0, 0, 0, 0, -1, 0, 0, 0, 0]
# after MaxPool [-1, -1, -1, -1, -1, -1, -1, -1, -1]
grep -qF 'before Pad+MaxPool [0, 0, 0, 0, -1, 0, 0, 0, 0]' out.txt
grep -qF 'after MaxPool [-1, -1, -1, -1, -1, -1, -1, -1, -1]' out.txt

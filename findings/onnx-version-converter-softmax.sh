#!/usr/bin/env bash
# onnx 1.23.2, version_converter: upwards, a Softmax of opset 11 is written out with Flatten and Reshape, because its meaning
# changed with opset 13. Downwards the node is left as it is, so that a Softmax along one axis becomes one over all axes from
# there on: on a map of 2 x 2 x 2 zeros the probabilities turn from 1/2 to 1/8. No warning is shown. Both run in ONNX Runtime
# 1.32.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > probe.py <<'PY'
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
def network(node, shape, opset, **constants):
    """One node from x to y."""
    info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph([node], 'g', [info('x', shape)], [info('y', None)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model
show = lambda y: np.asarray(y, np.float64).ravel().round(3).tolist()
def ort(model, x):
    import onnxruntime
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]

from onnx import version_converter
x = np.zeros((1, 2, 2, 2), np.float32)
print('onnx', onnx.__version__)
for first, then in ((11, 13), (13, 11)):
    model = network(helper.make_node('Softmax', ['x'], ['y'], axis=1), [1, 2, 2, 2], first)
    converted = version_converter.convert_version(model, then)
    nodes = [n.op_type for n in converted.graph.node if n.op_type != 'Constant']
    print(f'opset {first}', show(ort(model, x)))
    print(f'converted to {then}', show(ort(converted, x)), *nodes)
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
opset 11 [0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125]
converted to 13 [0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125] Shape Flatten Softmax Reshape
opset 13 [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
converted to 11 [0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125] Softmax
TXT
diff seen.txt out.txt

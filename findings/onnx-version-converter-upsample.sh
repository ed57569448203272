#!/usr/bin/env bash
# onnx 1.23.2, version_converter: a linear Upsample of opset 9 becomes a Resize of opset 11 or later without
# coordinate_transformation_mode, whose default, half_pixel, puts the samples elsewhere than Upsample does (output index
# divided by the scale, which Resize calls asymmetric). The converted network answers other numbers; no warning is shown. Both
# run in ONNX Runtime 1.32.0.
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
x = np.arange(3, dtype=np.float32).reshape(1, 1, 1, 3)
model = network(helper.make_node('Upsample', ['x', 's'], ['y'], mode='linear'), [1, 1, 1, 3], 9, s=np.array([1, 1, 1, 2], np.float32))
print('onnx', onnx.__version__)
for opset in (9, 11, 13, 18):
    converted = version_converter.convert_version(model, opset)
    nodes = [f'{n.op_type}({", ".join(a.name for a in n.attribute)})' for n in converted.graph.node if n.op_type != 'Constant']
    print(f'opset {opset:2}', show(ort(converted, x)), *nodes)
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
opset  9 [0.0, 0.5, 1.0, 1.5, 2.0, 2.0] Upsample(mode)
opset 11 [0.0, 0.25, 0.75, 1.25, 1.75, 2.0] Resize(mode)
opset 13 [0.0, 0.25, 0.75, 1.25, 1.75, 2.0] Resize(mode)
opset 18 [0.0, 0.25, 0.75, 1.25, 1.75, 2.0] Resize(mode)
TXT
diff seen.txt out.txt

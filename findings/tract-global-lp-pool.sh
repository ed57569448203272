#!/usr/bin/env bash
# tract 0.23.9: GlobalLpPool is a mean. With p = 2 it answers the root of the mean square in place of the root of the sum of
# squares, and with p = 1 the plain mean, in which negative values cancel, in place of the sum of absolute values. No error is
# shown.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 tract==0.23.9
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
def tract(model, x):
    import tract
    onnx.save(model, 'model.onnx')
    return tract.onnx().load('model.onnx').into_model().into_runnable().run([x])[0].to_numpy()

x = np.array([1, -2, 3, 4], np.float32).reshape(1, 1, 2, 2)
for p in (1, 2):
    model = network(helper.make_node('GlobalLpPool', ['x'], ['y'], p=p), [1, 1, 2, 2], 18)
    for run in (ort, tract):
        print(f'p = {p} {run.__name__:5}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
p = 1 ort   [10.0]
p = 1 tract [1.5]
p = 2 ort   [5.477]
p = 2 tract [2.739]
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# onnx 1.23.2, ReferenceEvaluator: LpNormalization with p = 1 divides by the sum of the values, not of their absolute values,
# so that 1, -2, 3, 4 become sixths in place of tenths, and a row whose sum is near zero explodes. With p = 2 it is right. ONNX
# Runtime 1.32.0 follows the definition.
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
def reference(model, x):
    from onnx.reference import ReferenceEvaluator
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def ort(model, x):
    import onnxruntime
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]

x = np.array([[1, -2, 3, 4]], np.float32)
print('onnx', onnx.__version__)
for p in (1, 2):
    model = network(helper.make_node('LpNormalization', ['x'], ['y'], axis=1, p=p), [1, 4], 18)
    for run in (ort, reference):
        print(f'p = {p} {run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
p = 1 ort       [0.1, -0.2, 0.3, 0.4]
p = 1 reference [0.167, -0.333, 0.5, 0.667]
p = 2 ort       [0.183, -0.365, 0.548, 0.73]
p = 2 reference [0.183, -0.365, 0.548, 0.73]
TXT
diff seen.txt out.txt

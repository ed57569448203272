#!/usr/bin/env bash
# OpenVINO 2026.4.1 takes storage_order = 1 of a MaxPool for an order to transpose the tensor of Indices. ONNX means the count within: along
# columns instead of along rows. A maximum in the second row and third column of four rows has the index 9 in ONNX Runtime 1.32.0
# and onnx 1.23.2's reference, and 6 in OpenVINO, at the transposed place. Whoever looks maxima up by these numbers, or
# hands them to an unpooling layer, meets other pixels; a picture that is not square even gives Indices of another shape than Y.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime, openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
def ort(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})
def reference(model, x):
    return ReferenceEvaluator(model).run(None, {'x': x})
def intel(model, x):
    core = openvino.Core()
    results = core.compile_model(core.read_model(model.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})([x])
    return results[0], results[1]

x = np.zeros((1, 1, 4, 6), np.float32)
x[0, 0, [0, 1, 0, 3, 2, 3], [1, 2, 4, 0, 3, 5]] = [5, 8, 4, 6, 7, 3]  # one maximum in each window
info = lambda name, kind, dims: helper.make_tensor_value_info(name, kind, dims)
outputs = [info('y', TensorProto.FLOAT, [1, 1, 2, 3]), info('i', TensorProto.INT64, [1, 1, 2, 3])]
for order in (0, 1):
    node = helper.make_node('MaxPool', ['x'], ['y', 'i'], kernel_shape=[2, 2], strides=[2, 2], storage_order=order)
    graph = helper.make_graph([node], 'g', [info('x', TensorProto.FLOAT, x.shape)], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 12)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    for run in (ort, reference, intel):
        maxima, indices = run(model, x)
        print(f'storage_order {order} {run.__name__:9} maxima {maxima.ravel().tolist()} indices {indices[0, 0].tolist()}')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
storage_order 0 ort       maxima [5.0, 8.0, 4.0, 6.0, 7.0, 3.0] indices [[1, 8, 4], [18, 15, 23]]
storage_order 0 reference maxima [5.0, 8.0, 4.0, 6.0, 7.0, 3.0] indices [[1, 8, 4], [18, 15, 23]]
storage_order 0 intel     maxima [5.0, 8.0, 4.0, 6.0, 7.0, 3.0] indices [[1, 8, 4], [18, 15, 23]]
storage_order 1 ort       maxima [5.0, 8.0, 4.0, 6.0, 7.0, 3.0] indices [[4, 9, 16], [3, 14, 23]]
storage_order 1 reference maxima [5.0, 8.0, 4.0, 6.0, 7.0, 3.0] indices [[4, 9, 16], [3, 14, 23]]
storage_order 1 intel     maxima [5.0, 8.0, 4.0, 6.0, 7.0, 3.0] indices [[1, 18], [8, 15], [4, 23]]
TXT
diff seen.txt out.txt

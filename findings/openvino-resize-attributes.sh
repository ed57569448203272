#!/usr/bin/env bash
# OpenVINO 2026.4.1 leaves out three attributes of Resize without a word: antialias (a picture made four times smaller takes two pixels
# of each four), exclude_outside (cubic weights beyond the edge count), and keep_aspect_ratio_policy (another output size).
# ONNX Runtime 1.32.0 and onnx's own reference agree with the operator's text.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime, openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
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
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
def reference(model, x):
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def intel(model, x):
    core = openvino.Core()
    return core.compile_model(core.read_model(model.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})([x])[0]

resize = lambda inputs, **attributes: helper.make_node('Resize', inputs, ['y'], **attributes)
row = np.array([[[[0, 8, 0, 8, 0, 8, 0, 8]]]], np.float32)
few = np.array([[[[1, 2, 4, 8]]]], np.float32)
picture = np.arange(24, dtype=np.float32).reshape(1, 1, 4, 6)
quarter, twice = np.array([1, 1, 1, 0.25], np.float32), np.array([1, 1, 1, 2], np.float32)
for run in (ort, reference, intel):
    for on in (0, 1):
        print(f'antialias {on} {run.__name__:9}', show(run(network(resize(['x', '', 's'], mode='linear', antialias=on), row.shape, 19, s=quarter), row)))
    for on in (0, 1):
        print(f'exclude_outside {on} {run.__name__:9}', show(run(network(resize(['x', '', 's'], mode='cubic', exclude_outside=on), few.shape, 19, s=twice), few)))
    for policy in ('stretch', 'not_larger', 'not_smaller'):
        node = resize(['x', '', '', 'n'], mode='nearest', axes=[2, 3], keep_aspect_ratio_policy=policy)
        print(f'{policy} {run.__name__:9}', list(run(network(node, picture.shape, 19, n=np.array([8, 9])), picture).shape))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
antialias 0 ort       [4.0, 4.0]
antialias 1 ort       [3.25, 4.75]
exclude_outside 0 ort       [0.895, 1.156, 1.562, 2.418, 3.16, 5.117, 7.164, 8.422]
exclude_outside 1 ort       [0.864, 1.141, 1.543, 2.418, 3.16, 5.215, 7.244, 8.545]
stretch ort       [1, 1, 8, 9]
not_larger ort       [1, 1, 6, 9]
not_smaller ort       [1, 1, 8, 12]
antialias 0 reference [4.0, 4.0]
antialias 1 reference [3.25, 4.75]
exclude_outside 0 reference [0.895, 1.156, 1.562, 2.418, 3.16, 5.117, 7.164, 8.422]
exclude_outside 1 reference [0.864, 1.141, 1.543, 2.418, 3.16, 5.215, 7.244, 8.545]
stretch reference [1, 1, 8, 9]
not_larger reference [1, 1, 6, 9]
not_smaller reference [1, 1, 8, 12]
antialias 0 intel     [4.0, 4.0]
antialias 1 intel     [4.0, 4.0]
exclude_outside 0 intel     [0.895, 1.156, 1.562, 2.418, 3.16, 5.117, 7.164, 8.422]
exclude_outside 1 intel     [0.895, 1.156, 1.562, 2.418, 3.16, 5.117, 7.164, 8.422]
stretch intel     [1, 1, 8, 9]
not_larger intel     [1, 1, 8, 9]
not_smaller intel     [1, 1, 8, 9]
TXT
diff seen.txt out.txt

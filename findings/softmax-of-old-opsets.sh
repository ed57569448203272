#!/usr/bin/env bash
# A Softmax of opset 11 or older flattens the axes from `axis` on and normalises over all of them; from opset 13 on it
# normalises along one axis. Three readers that accept opset 11 apply the new meaning to it without a word: OpenVINO 2026.4.1,
# OpenCV 5.0.0 and the reference evaluator of onnx 1.23.2. On a map of 2 x 2 x 2 zeros each probability must be 1/8; they say
# 1/2. ONNX Runtime 1.32.0 says 1/8. Classifiers that end in [N, C] are not touched, maps of classes are.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 opencv-python-headless==5.0.0.93
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
def reference(model, x):
    from onnx.reference import ReferenceEvaluator
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def openvino(model, x):
    import openvino as ov
    core = ov.Core()
    return list(core.compile_model(core.read_model(model.SerializeToString()), 'CPU')([x]).values())[0]
def opencv(model, x):
    import cv2
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(x)
    return net.forward()

x = np.zeros((1, 2, 2, 2), np.float32)
print('onnx', onnx.__version__)
for opset in (11, 13):
    model = network(helper.make_node('Softmax', ['x'], ['y'], axis=1), [1, 2, 2, 2], opset)
    for run in (ort, reference, openvino, opencv):
        print(f'opset {opset} {run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
opset 11 ort       [0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125]
opset 11 reference [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
opset 11 openvino  [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
opset 11 opencv    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
opset 13 ort       [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
opset 13 reference [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
opset 13 openvino  [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
opset 13 opencv    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
TXT
diff seen.txt out.txt

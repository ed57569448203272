#!/usr/bin/env bash
# PRelu slopes of shape [W] broadcast along the last axis, the width. OpenVINO 2026.4.1 takes them for one slope a channel as
# soon as the map has as many channels as columns, and is right otherwise; OpenCV 5.0.0 takes them so in both cases, and then
# leaves slopes unread. No error is shown.
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
def openvino(model, x):
    import openvino as ov
    core = ov.Core()
    return list(core.compile_model(core.read_model(model.SerializeToString()), 'CPU')([x]).values())[0]
def opencv(model, x):
    import cv2
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(x)
    return net.forward()

print('onnx', onnx.__version__)
for channels in (2, 3):
    x = -np.ones((1, channels, 1, 3), np.float32)
    slopes = np.array([1, 2, 3], np.float32)
    model = network(helper.make_node('PRelu', ['x', 's'], ['y']), [1, channels, 1, 3], 18, s=slopes)
    for run in (ort, openvino, opencv):
        print(f'{channels} channels of 3 columns {run.__name__:8}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
2 channels of 3 columns ort      [-1.0, -2.0, -3.0, -1.0, -2.0, -3.0]
2 channels of 3 columns openvino [-1.0, -2.0, -3.0, -1.0, -2.0, -3.0]
2 channels of 3 columns opencv   [-1.0, -1.0, -1.0, -2.0, -2.0, -2.0]
3 channels of 3 columns ort      [-1.0, -2.0, -3.0, -1.0, -2.0, -3.0, -1.0, -2.0, -3.0]
3 channels of 3 columns openvino [-1.0, -1.0, -1.0, -2.0, -2.0, -2.0, -3.0, -3.0, -3.0]
3 channels of 3 columns opencv   [-1.0, -1.0, -1.0, -2.0, -2.0, -2.0, -3.0, -3.0, -3.0]
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# AveragePool with count_include_pad 1 and ceil_mode 1: a last window can reach beyond the padding. ONNX Runtime 1.32.0 and the
# reference of onnx 1.23.2 count the cells of the padding and not those beyond it. OpenVINO 2026.4.1 and OpenCV 5.0.0 divide by
# the whole window, without an error: the mean of ones in the last corner is 1/9 in place of 1/4.
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

x = np.ones((1, 1, 4, 4), np.float32)
node = helper.make_node('AveragePool', ['x'], ['y'], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1)
model = network(node, [1, 1, 4, 4], 19)
print('onnx', onnx.__version__)
for run in (ort, reference, openvino, opencv):
    print(f'{run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
ort       [0.444, 0.667, 0.333, 0.667, 1.0, 0.5, 0.333, 0.5, 0.25]
reference [0.444, 0.667, 0.333, 0.667, 1.0, 0.5, 0.333, 0.5, 0.25]
openvino  [0.444, 0.667, 0.222, 0.667, 1.0, 0.333, 0.222, 0.333, 0.111]
opencv    [0.444, 0.667, 0.222, 0.667, 1.0, 0.333, 0.222, 0.333, 0.111]
TXT
diff seen.txt out.txt

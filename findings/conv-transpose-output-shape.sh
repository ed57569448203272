#!/usr/bin/env bash
# ConvTranspose with output_shape: the size asked for tells the padding, and of an odd number of cells the larger half goes to
# the beginning (auto_pad NOTSET). Four readers, three answers: ONNX Runtime 1.32.0 and OpenVINO 2026.4.1 cut the first column,
# tract 0.23.9 the last one, and OpenCV 5.0.0 answers another shape altogether, [2, 10] in place of [1, 8]. No error is shown.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 opencv-python-headless==5.0.0.93 tract==0.23.9
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
def tract(model, x):
    import tract
    onnx.save(model, 'model.onnx')
    return tract.onnx().load('model.onnx').into_model().into_runnable().run([x])[0].to_numpy()

x = np.ones((1, 1, 1, 4), np.float32)
w = np.array([1, 10, 100], np.float32).reshape(1, 1, 1, 3)
node = helper.make_node('ConvTranspose', ['x', 'w'], ['y'], strides=[1, 2], output_shape=[1, 8])
model = network(node, [1, 1, 1, 4], 18, w=w)
print('onnx', onnx.__version__)
for run in (ort, openvino, tract, opencv):
    y = np.asarray(run(model, x))
    print(f'{run.__name__:8}', list(y.shape), show(y))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
ort      [1, 1, 1, 8] [10.0, 101.0, 10.0, 101.0, 10.0, 101.0, 10.0, 100.0]
openvino [1, 1, 1, 8] [10.0, 101.0, 10.0, 101.0, 10.0, 101.0, 10.0, 100.0]
tract    [1, 1, 1, 8] [1.0, 10.0, 101.0, 10.0, 101.0, 10.0, 101.0, 10.0]
opencv   [1, 1, 2, 10] [1.0, 10.0, 101.0, 10.0, 101.0, 10.0, 101.0, 10.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
TXT
diff seen.txt out.txt

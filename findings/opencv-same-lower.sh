#!/usr/bin/env bash
# OpenCV 5.0.0, dnn: auto_pad SAME_LOWER is read as SAME_UPPER in MaxPool, AveragePool and Conv, so that every window stands
# one cell too far to the right, without an error. A maximum over two neighbours of 1 2 3 4 5 is 1 2 3 4 5 with the cell of
# padding at the lower end; OpenCV says 2 3 4 5 5.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93
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
def opencv(model, x):
    import cv2
    net = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    net.setInput(x)
    return net.forward()

x = np.arange(1, 6, dtype=np.float32).reshape(1, 1, 1, 5)
w = np.array([1, 10], np.float32).reshape(1, 1, 1, 2)
import cv2
print('opencv', cv2.__version__)
for kind in ('MaxPool', 'AveragePool', 'Conv'):
    constants = {'w': w} if kind == 'Conv' else {}
    node = helper.make_node(kind, ['x', *constants], ['y'], kernel_shape=[1, 2], auto_pad='SAME_LOWER')
    model = network(node, [1, 1, 1, 5], 18, **constants)
    for run in (ort, opencv):
        print(f'{kind:11} {run.__name__:6}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
opencv 5.0.0
MaxPool     ort    [1.0, 2.0, 3.0, 4.0, 5.0]
MaxPool     opencv [2.0, 3.0, 4.0, 5.0, 5.0]
AveragePool ort    [1.0, 1.5, 2.5, 3.5, 4.5]
AveragePool opencv [1.5, 2.5, 3.5, 4.5, 5.0]
Conv        ort    [10.0, 21.0, 32.0, 43.0, 54.0]
Conv        opencv [21.0, 32.0, 43.0, 54.0, 5.0]
TXT
diff seen.txt out.txt

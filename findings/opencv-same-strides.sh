#!/usr/bin/env bash
# OpenCV 5.0.0, dnn: auto_pad SAME_UPPER of a Conv is padded as for stride 1, whatever the strides. With a kernel of 3 and stride 2 on an even
# size, as in any MobileNet that comes from TensorFlow, every window stands one pixel too far to the left: of 1 2 3 4 5 6 the
# windows begin at 0 2 4 instead of 1 3 5. A ConvTranspose with SAME_UPPER and stride 2 is one pixel short, where ONNX's text
# says input times stride. No error is shown. ONNX Runtime 1.32.0 and onnx 1.23.2's reference agree with the text.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93
cat > probe.py <<'PY'
import cv2, numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
show = lambda y: np.asarray(y, np.float64).ravel().round(3).tolist()
def ort(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
def reference(model, x):
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def opencv(model, x):
    network = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    network.setInput(x)
    return network.forward()

# The Conv gives the first pixel of each window; the ConvTranspose spreads each pixel over the whole kernel.
cases = [('Conv', [1, 0, 0], 1, 6), ('Conv', [1, 0, 0], 2, 6), ('Conv', [1, 0, 0, 0, 0], 2, 6), ('ConvTranspose', [1, 1], 2, 3)]
info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
for operator, kernel, stride, size in cases:
    x = np.arange(1, size + 1, dtype=np.float32).reshape(1, 1, 1, size)
    node = helper.make_node(operator, ['x', 'w'], ['y'], auto_pad='SAME_UPPER', strides=[1, stride])
    weight = numpy_helper.from_array(np.array(kernel, np.float32).reshape(1, 1, 1, -1), 'w')
    graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', None)], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    for run in (ort, reference, opencv):
        print(f'{operator} of {len(kernel)} with stride {stride} {run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
Conv of 3 with stride 1 ort       [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
Conv of 3 with stride 1 reference [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
Conv of 3 with stride 1 opencv    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
Conv of 3 with stride 2 ort       [1.0, 3.0, 5.0]
Conv of 3 with stride 2 reference [1.0, 3.0, 5.0]
Conv of 3 with stride 2 opencv    [0.0, 2.0, 4.0]
Conv of 5 with stride 2 ort       [0.0, 2.0, 4.0]
Conv of 5 with stride 2 reference [0.0, 2.0, 4.0]
Conv of 5 with stride 2 opencv    [0.0, 1.0, 3.0]
ConvTranspose of 2 with stride 2 ort       [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
ConvTranspose of 2 with stride 2 reference [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
ConvTranspose of 2 with stride 2 opencv    [1.0, 1.0, 2.0, 2.0, 3.0]
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# A MaxPool with ceil_mode whose last window would begin in the padding at the end. ONNX's text (opset 22) leaves such a window out:
# ONNX Runtime 1.32.0 and onnx 1.23.2's reference give two columns, and shape inference says two. OpenVINO 2026.4.1
# gives three, and the last holds the lowest float, since no pixel is in it. The text of opset 12 lacks
# the sentence: there ONNX's own shape inference says three, and its reference still computes two.
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
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
def reference(model, x):
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def intel(model, x):
    core = openvino.Core()
    return core.compile_model(core.read_model(model.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})([x])[0]

x = np.array([[[[3, 1, 4]]]], np.float32)
info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
for opset in (12, 22):
    node = helper.make_node('MaxPool', ['x'], ['y'], kernel_shape=[1, 2], strides=[1, 2], pads=[0, 1, 0, 1], ceil_mode=1)
    graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8 if opset < 20 else 10)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    shape = [size.dim_value for size in model.graph.output[0].type.tensor_type.shape.dim]
    print(f'opset {opset} shape inferred by onnx {shape}')
    for run in (ort, reference, intel):
        y = run(model, x)
        print(f'opset {opset} {run.__name__:9} {list(y.shape)} {[f"{value:.3g}" for value in y.ravel()]}')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
opset 12 shape inferred by onnx [1, 1, 1, 3]
opset 12 ort       [1, 1, 1, 2] ['3', '4']
opset 12 reference [1, 1, 1, 2] ['3', '4']
opset 12 intel     [1, 1, 1, 3] ['3', '4', '-3.4e+38']
opset 22 shape inferred by onnx [1, 1, 1, 2]
opset 22 ort       [1, 1, 1, 2] ['3', '4']
opset 22 reference [1, 1, 1, 2] ['3', '4']
opset 22 intel     [1, 1, 1, 3] ['3', '4', '-3.4e+38']
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# A cubic Resize with pytorch_half_pixel to one row. ONNX's text puts the row at coordinate 0, so it is the first row: ONNX Runtime 1.32.0 gives
# that. onnx 1.23.2's reference and tract 0.23.9 sample at -0.5, half a pixel outside, where a cubic weighs rows beyond the border;
# with a linear Resize the two coordinates are the same row, and nothing shows.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime, openvino
import tract as sonos
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
show = lambda y: np.asarray(y, np.float64).ravel().round(3).tolist()
def ort(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
def intel(model, x):
    core = openvino.Core()
    return core.compile_model(core.read_model(model.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})([x])[0]
def reference(model, x):
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def tract(model, x):
    onnx.save(model, 'model.onnx')
    return sonos.onnx().load('model.onnx').into_model().into_runnable().run([x])[0].to_numpy()

x = np.array([[[[8, 4], [0, 2], [4, 0], [4, 2]]]], np.float32)  # four rows of two
info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
for mode in ('linear', 'cubic'):
    node = helper.make_node('Resize', ['x', '', '', 'sizes'], ['y'], mode=mode, coordinate_transformation_mode='pytorch_half_pixel')
    sizes = numpy_helper.from_array(np.array([1, 1, 1, 2]), 'sizes')
    graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', None)], [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    for run in (ort, intel, reference, tract):
        print(f'{mode:6} {run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
linear ort       [8.0, 4.0]
linear intel     [8.0, 4.0]
linear reference [8.0, 4.0]
linear tract     [8.0, 4.0]
cubic  ort       [8.0, 4.0]
cubic  intel     [8.0, 4.0]
cubic  reference [8.75, 4.188]
cubic  tract     [8.75, 4.188]
TXT
diff seen.txt out.txt

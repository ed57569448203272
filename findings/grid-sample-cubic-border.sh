#!/usr/bin/env bash
# A cubic GridSample with padding_mode border, at a place beyond the picture. ONNX's text says that such a place takes the border's value:
# onnx 1.23.2's reference and tract 0.23.9 give the 8 of the first column. ONNX Runtime 1.32.0 and OpenVINO 2026.4.1 repeat the border
# for each of the four weighted pixels instead, and give 8.281, more than any pixel of the picture. With align_corners a
# place outside the picture begins at the middle of the first pixel, without it at that pixel's edge.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime, openvino
import tract as sonos
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
show = lambda y: np.asarray(y, np.float64).ravel().round(3).tolist()
def ort(model, feeds):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, feeds)[0]
def intel(model, feeds):
    core = openvino.Core()
    return core.compile_model(core.read_model(model.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})(feeds)[0]
def reference(model, feeds):
    return ReferenceEvaluator(model).run(None, feeds)[0]
def tract(model, feeds):
    onnx.save(model, 'model.onnx')
    return sonos.onnx().load('model.onnx').into_model().into_runnable().run(list(feeds.values()))[0].to_numpy()

x = np.array([[[[8, 0, 4, 4]] * 3]], np.float32)  # three equal rows
columns = [-0.75, -0.25, 0, 0.5]  # in pixels
info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
for align in (1, 0):
    across = [column / 3 * 2 - 1 if align else (2 * column + 1) / 4 - 1 for column in columns]
    grid = np.array([[[[at, 0] for at in across]]], np.float32)
    for opset, mode, runs in ((20, 'cubic', (ort, reference, tract)), (16, 'bicubic', (ort, intel, tract))):
        node = helper.make_node('GridSample', ['x', 'grid'], ['y'], mode=mode, padding_mode='border', align_corners=align)
        graph = helper.make_graph([node], 'g', [info('x', x.shape), info('grid', grid.shape)], [info('y', None)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(model, full_check=True)
        for run in runs:
            print(f'align_corners {align} opset {opset} {run.__name__:9}', show(run(model, {'x': x, 'grid': grid})))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
align_corners 1 opset 20 ort       [8.281, 8.844, 8.0, 3.625]
align_corners 1 opset 20 reference [8.0, 8.0, 8.0, 3.625]
align_corners 1 opset 20 tract     [8.0, 8.0, 8.0, 3.625]
align_corners 1 opset 16 ort       [8.281, 8.844, 8.0, 3.625]
align_corners 1 opset 16 intel     [8.281, 8.844, 8.0, 3.625]
align_corners 1 opset 16 tract     [8.0, 8.0, 8.0, 3.625]
align_corners 0 opset 20 ort       [8.281, 8.844, 8.0, 3.625]
align_corners 0 opset 20 reference [8.0, 8.844, 8.0, 3.625]
align_corners 0 opset 20 tract     [8.0, 8.844, 8.0, 3.625]
align_corners 0 opset 16 ort       [8.281, 8.844, 8.0, 3.625]
align_corners 0 opset 16 intel     [8.281, 8.844, 8.0, 3.625]
align_corners 0 opset 16 tract     [8.0, 8.844, 8.0, 3.625]
TXT
diff seen.txt out.txt

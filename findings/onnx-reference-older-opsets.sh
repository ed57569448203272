#!/usr/bin/env bash
# onnx 1.23.2's reference reads operators of older operator sets as those of newer ones. A RoiAlign of opset 10 has no half-pixel shift;
# the reference shifts by half a pixel, as opset 16 does unless told. A GridSample of opset 16 has the modes bilinear and bicubic; the
# reference knows the names of opset 20 alone and refuses them. ONNX Runtime 1.32.0 and OpenVINO 2026.4.1 follow the operator set.
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

picture = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
box = {'b': np.array([[1, 1, 3, 3]], np.float32), 'i': np.array([0])}
align = helper.make_node('RoiAlign', ['x', 'b', 'i'], ['y'], output_height=1, output_width=2, sampling_ratio=1)
for opset in (10, 16):
    for run in (ort, reference, intel):
        print(f'RoiAlign {opset} {run.__name__:9}', show(run(network(align, picture.shape, opset, **box), picture)))
grid = np.array([[[[0, 0], [0.5, -0.5]]]], np.float32)
for opset, mode in ((16, 'bilinear'), (20, 'linear'), (16, 'bicubic'), (20, 'cubic')):
    for run in (ort, reference, intel):
        model = network(helper.make_node('GridSample', ['x', 'g'], ['y'], mode=mode), picture.shape, opset, g=grid)
        try:
            said = show(run(model, picture))
        except RuntimeError as error:
            said = str(error)
        print(f'GridSample {opset} {mode} {run.__name__:9}', said)
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
RoiAlign 10 ort       [9.5, 10.5]
RoiAlign 10 reference [7.0, 8.0]
RoiAlign 10 intel     [9.5, 10.5]
RoiAlign 16 ort       [7.0, 8.0]
RoiAlign 16 reference [7.0, 8.0]
RoiAlign 16 intel     [7.0, 8.0]
GridSample 16 bilinear ort       [7.5, 4.5]
GridSample 16 bilinear reference GridSample interpolation only supports nearest, linear, and cubic modes.
GridSample 16 bilinear intel     [7.5, 4.5]
GridSample 20 linear ort       [7.5, 4.5]
GridSample 20 linear reference [7.5, 4.5]
GridSample 20 linear intel     [7.5, 4.5]
GridSample 16 bicubic ort       [7.5, 4.922]
GridSample 16 bicubic reference GridSample interpolation only supports nearest, linear, and cubic modes.
GridSample 16 bicubic intel     [7.5, 4.922]
GridSample 20 cubic ort       [7.5, 4.922]
GridSample 20 cubic reference [7.5, 4.922]
GridSample 20 cubic intel     [7.5, 4.922]
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# A RoiAlign with mode max takes the largest of the values that lie between pixels. ONNX Runtime 1.32.0 and onnx 1.23.2's reference take
# the largest share of a single pixel: of a picture that is 8 everywhere it is 6. ONNX Runtime warns that this “is incorrect and
# will be fixed in the next ORT 1.13 release”, nineteen releases later. OpenVINO 2026.4.1 interpolates first.
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
flat = np.full((1, 1, 4, 4), 8, np.float32)
box = {'b': np.array([[1, 1, 3, 3]], np.float32), 'i': np.array([0])}
for name, x in (('rising', picture), ('all 8', flat)):
    for mode in ('avg', 'max'):
        node = helper.make_node('RoiAlign', ['x', 'b', 'i'], ['y'], mode=mode, output_height=1, output_width=2, sampling_ratio=2)
        for run in (ort, reference, intel):
            print(f'{name} {mode} {run.__name__:9}', show(run(network(node, x.shape, 16, **box), x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
rising avg ort       [7.0, 8.0]
rising avg reference [7.0, 8.0]
rising avg intel     [7.0, 8.0]
rising max ort       [6.75, 7.5]
rising max reference [6.75, 7.5]
rising max intel     [9.25, 10.25]
all 8 avg ort       [8.0, 8.0]
all 8 avg reference [8.0, 8.0]
all 8 avg intel     [8.0, 8.0]
all 8 max ort       [6.0, 6.0]
all 8 max reference [6.0, 6.0]
all 8 max intel     [8.0, 8.0]
TXT
diff seen.txt out.txt

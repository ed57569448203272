#!/usr/bin/env bash
# Resize of a picture of 2 × 2 by 1.2: floor(2 · 1.2) is 2 again, and the coordinates (i + ½) / 1.2 − ½ lie between the pixels.
# The reference of onnx 1.23.2 interpolates. ONNX Runtime 1.32.0 copies its input where the whole shape stays, in every mode, and
# interpolates along the rows' axis too as soon as the columns grow. OpenVINO 2026.4.1 leaves each axis whose size stays.
# So three readers give three answers for scales of 1.2 and 1.5 together with those of 1.2 alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > probe.py <<'PY'
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
import onnxruntime, openvino

def network(mode, scales):
    node = helper.make_node('Resize', ['x', '', 's'], ['y'], mode=mode, coordinate_transformation_mode='half_pixel')
    info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    tensors = [numpy_helper.from_array(np.array([1, 1, *scales], np.float32), 's')]
    graph = helper.make_graph([node], 'g', [info('x', [1, 1, 2, 2])], [info('y', None)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 19)], ir_version=9)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model

def ort(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return session.run(None, {'x': x})[0]

def vino(model, x):
    core = openvino.Core()
    return list(core.compile_model(core.read_model(model.SerializeToString()), 'CPU')([x]).values())[0]

def reference(model, x):
    return ReferenceEvaluator(model).run(None, {'x': x})[0]

x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
for mode, scales in [('linear', (1.2, 1.2)), ('cubic', (1.2, 1.2)), ('linear', (1.2, 1.5))]:
    for run in (ort, vino, reference):
        y = np.asarray(run(network(mode, scales), x), np.float64).ravel().round(2) + 0.0
        print(f'{mode} {scales} {run.__name__:9}', y.tolist())
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
linear (1.2, 1.2) ort       [0.0, 1.0, 2.0, 3.0]
linear (1.2, 1.2) vino      [0.0, 1.0, 2.0, 3.0]
linear (1.2, 1.2) reference [0.0, 0.75, 1.5, 2.25]
cubic (1.2, 1.2) ort       [0.0, 1.0, 2.0, 3.0]
cubic (1.2, 1.2) vino      [0.0, 1.0, 2.0, 3.0]
cubic (1.2, 1.2) reference [-0.16, 0.67, 1.49, 2.32]
linear (1.2, 1.5) ort       [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
linear (1.2, 1.5) vino      [0.0, 0.5, 1.0, 2.0, 2.5, 3.0]
linear (1.2, 1.5) reference [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
TXT
diff seen.txt out.txt

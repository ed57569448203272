#!/usr/bin/env bash
# Resize with align_corners and a scale that does not give a whole number of columns: 4 columns at scale 1.3 make 5, and the
# formula divides by the length of the output less one. ONNX Runtime 1.32.0 and OpenVINO 2026.4.1 divide by 5 - 1 and meet the
# last corner; the reference of onnx 1.23.2 and tract 0.23.9 divide by 5.2 - 1 and do not. At whole results and with `sizes`
# all agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9
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
def reference(model, x):
    from onnx.reference import ReferenceEvaluator
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def tract(model, x):
    import tract
    onnx.save(model, 'model.onnx')
    return tract.onnx().load('model.onnx').into_model().into_runnable().run([x])[0].to_numpy()

x = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
print('onnx', onnx.__version__)
for scale in (1.3, 1.25):
    node = helper.make_node('Resize', ['x', '', 's'], ['y'], mode='linear', coordinate_transformation_mode='align_corners')
    model = network(node, [1, 1, 1, 4], 19, s=np.array([1, 1, 1, scale], np.float32))
    for run in (ort, openvino, reference, tract):
        print(f'scale {scale} {run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
scale 1.3 ort       [0.0, 0.75, 1.5, 2.25, 3.0]
scale 1.3 openvino  [0.0, 0.75, 1.5, 2.25, 3.0]
scale 1.3 reference [0.0, 0.714, 1.429, 2.143, 2.857]
scale 1.3 tract     [0.0, 0.714, 1.429, 2.143, 2.857]
scale 1.25 ort       [0.0, 0.75, 1.5, 2.25, 3.0]
scale 1.25 openvino  [0.0, 0.75, 1.5, 2.25, 3.0]
scale 1.25 reference [0.0, 0.75, 1.5, 2.25, 3.0]
scale 1.25 tract     [0.0, 0.75, 1.5, 2.25, 3.0]
TXT
diff seen.txt out.txt

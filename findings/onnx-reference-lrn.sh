#!/usr/bin/env bash
# onnx 1.23.2, ReferenceEvaluator: LRN divides the first channel of each sample by its sum of squares and leaves all other
# channels divided by bias^beta alone: its loop over channels runs over the batch. On the numbers 1 to 6 in six channels five
# of six are wrong by up to 2.3. ONNX Runtime 1.32.0 has the values of the formula. A test that takes the reference as its
# oracle holds the wrong answer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
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
def reference(model, x):
    from onnx.reference import ReferenceEvaluator
    return ReferenceEvaluator(model).run(None, {'x': x})[0]
def ort(model, x):
    import onnxruntime
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]

x = np.arange(1, 7, dtype=np.float32).reshape(1, 6, 1, 1)
model = network(helper.make_node('LRN', ['x'], ['y'], size=3, alpha=0.3, beta=0.75, bias=2.0), [1, 6, 1, 1], 18)
sums = np.convolve(x.ravel() ** 2, [1, 1, 1], 'same')
print('onnx', onnx.__version__)
print('formula  ', show(x.ravel() / (2 + 0.3 / 3 * sums) ** 0.75))
for run in (ort, reference):
    print(f'{run.__name__:9}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
onnx 1.23.2
formula   [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
ort       [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
reference [0.503, 1.189, 1.784, 2.378, 2.973, 3.568]
TXT
diff seen.txt out.txt

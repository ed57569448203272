#!/usr/bin/env bash
# tract 0.23.9 reads an Einsum with an arrow and nothing behind it, which sums over everything to a scalar, as one without an arrow, which
# keeps each label that stands once. "ij->" gives the matrix itself instead of its sum, and "ij,kj->" a product of matrices instead of a
# number. ONNX follows NumPy's einsum here: an arrow makes the output explicit, an empty one too. ONNX Runtime 1.32.0 gives the sums.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 tract==0.23.9
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime, tract
from onnx import TensorProto, helper
a = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
b = np.array([[1, 0, 2], [0, 1, 0]], np.float32)
v = np.array([1, 2, 3], np.float32)
for equation, inputs in (('ij->', [a]), ('ij->i', [a]), ('ij,kj->', [a, b]), ('ij,kj', [a, b]), ('ij,j->', [a, v]), ('ij,ij->', [a, b])):
    info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    names = ['p', 'q'][: len(inputs)]
    node = helper.make_node('Einsum', names, ['y'], equation=equation)
    graph = helper.make_graph([node], 'g', [info(name, x.shape) for name, x in zip(names, inputs)], [info('y', None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 12)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, 'model.onnx')
    session = onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider'])
    [right] = session.run(None, dict(zip(names, inputs)))
    assert np.array_equal(right, np.einsum(equation, *inputs))
    [output] = tract.onnx().load('model.onnx').into_model().into_runnable().run(inputs)
    print(f'{equation:7} ort {right.tolist()} tract {output.to_numpy().tolist()}')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
ij->    ort 21.0 tract [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
ij->i   ort [6.0, 15.0] tract [6.0, 15.0]
ij,kj-> ort 30.0 tract [[7.0, 2.0], [16.0, 5.0]]
ij,kj   ort [[7.0, 2.0], [16.0, 5.0]] tract [[7.0, 2.0], [16.0, 5.0]]
ij,j->  ort 46.0 tract [14.0, 32.0]
ij,ij-> ort 12.0 tract 12.0
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# tinygrad 0.14.0 cuts the edges off a ConvTranspose with auto_pad VALID, as if it were SAME, without an error: 3 x 3 outputs
# instead of 5 x 5 for a kernel of 3 with stride 1 on 3 x 3. The same node without auto_pad, which means the same, is right, and so is
# a Conv with VALID. Computed by its Python device, so that no compiler is needed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 tinygrad==0.14.0
cat > probe.py <<'PY'
from importlib.metadata import version
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tinygrad import Tensor
from tinygrad.nn.onnx import OnnxRunner
x = np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)
w = np.ones((1, 1, 3, 3), np.float32)

def compare(title, kind, size, **attributes):
    info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    node = helper.make_node(kind, ['x', 'w'], ['y'], **attributes)
    graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', [1, 1, size, size])], [numpy_helper.from_array(w, 'w')])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, 'm.onnx')
    session = onnxruntime.InferenceSession('m.onnx', providers=['CPUExecutionProvider'])
    answers = {'ort': session.run(None, {'x': x})[0], 'tinygrad': OnnxRunner('m.onnx')({'x': Tensor(x)})['y'].numpy()}
    for name, y in answers.items():
        print(f'{title:21} {name:8} {list(y.shape[2:])} sum {float(y.sum()):.0f}')

print('tinygrad', version('tinygrad'))
compare('ConvTranspose', 'ConvTranspose', 5)
compare('ConvTranspose VALID', 'ConvTranspose', 5, auto_pad='VALID')
compare('Conv VALID', 'Conv', 1, auto_pad='VALID')
PY
DEV=PYTHON env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
tinygrad 0.14.0
ConvTranspose         ort      [5, 5] sum 405
ConvTranspose         tinygrad [5, 5] sum 405
ConvTranspose VALID   ort      [5, 5] sum 405
ConvTranspose VALID   tinygrad [3, 3] sum 245
Conv VALID            ort      [1, 1] sum 45
Conv VALID            tinygrad [1, 1] sum 45
TXT
diff seen.txt out.txt

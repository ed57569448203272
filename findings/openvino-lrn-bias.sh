#!/usr/bin/env bash
# OpenVINO 2026.4.1 drops the fraction of an LRN's bias, a float attribute: 2.5 is computed as 2 and 1.5 as 1, without a word. All channels are
# then too large, most where the sum of squares is small. ONNX Runtime 1.32.0 has the values of the formula,
# x / (bias + alpha / size * sum)^beta; for a whole bias the two agree.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime, openvino
from onnx import TensorProto, helper
show = lambda y: np.asarray(y, np.float64).ravel().round(3).tolist()
def ort(model, x):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
def intel(model, x):
    core = openvino.Core()
    return core.compile_model(core.read_model(model.SerializeToString()), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})([x])[0]

x = np.arange(1, 7, dtype=np.float32).reshape(1, 6, 1, 1)
sums = np.convolve(x.ravel() ** 2, [1, 1, 1], 'same')
info = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape)
for bias in (1.5, 2.0, 2.5):
    node = helper.make_node('LRN', ['x'], ['y'], size=3, alpha=0.3, beta=0.75, bias=bias)
    model = helper.make_model(helper.make_graph([node], 'g', [info('x')], [info('y')]), opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    print(f'bias {bias} formula', show(x.ravel() / (bias + 0.3 / 3 * sums) ** 0.75))
    print(f'bias {bias} whole  ', show(x.ravel() / (int(bias) + 0.3 / 3 * sums) ** 0.75))
    for run in (ort, intel):
        print(f'bias {bias} {run.__name__:7}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
bias 1.5 formula [0.595, 0.9, 0.987, 0.983, 0.947, 1.311]
bias 1.5 whole   [0.738, 1.037, 1.081, 1.043, 0.987, 1.379]
bias 1.5 ort     [0.595, 0.9, 0.987, 0.983, 0.947, 1.311]
bias 1.5 intel   [0.738, 1.037, 1.081, 1.043, 0.987, 1.379]
bias 2.0 formula [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
bias 2.0 whole   [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
bias 2.0 ort     [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
bias 2.0 intel   [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
bias 2.5 formula [0.439, 0.721, 0.847, 0.883, 0.876, 1.195]
bias 2.5 whole   [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
bias 2.5 ort     [0.439, 0.721, 0.847, 0.883, 0.876, 1.195]
bias 2.5 intel   [0.503, 0.799, 0.911, 0.929, 0.91, 1.25]
TXT
diff seen.txt out.txt

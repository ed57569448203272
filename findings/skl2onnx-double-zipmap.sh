#!/usr/bin/env bash
# skl2onnx converts a classifier of float64 inputs to a file that nobody can load.
#
# skl2onnx 1.20.0 puts a ZipMap behind the probabilities unless told otherwise, and ai.onnx.ml's ZipMap takes float32 alone.
# Where the inputs are declared as DoubleTensorType, which is what scikit-learn computes with, the probabilities are
# float64 and the conversion ends without a word. onnx 1.23.2's checker and ONNX Runtime 1.32.0 refuse the file. The same
# with zipmap = False is valid and loads.
#
# Needs python3 (3.11) and PyPI. Seen with skl2onnx 1.20.0, scikit-learn 1.9.1, onnx 1.23.2, onnxruntime 1.32.0.
# Output seen:
#   float32              valid    loads
#   float64              invalid  refused
#   float64 no ZipMap    valid    loads
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy as np
import onnx
import onnxruntime
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.neural_network import MLPClassifier

random = np.random.default_rng(0)
model = MLPClassifier((4,), max_iter=20, random_state=0)
model.fit(random.standard_normal((60, 4)), random.integers(0, 3, 60))

def outcome(run, good, bad):
    try:
        run()
        return good
    except Exception:
        return bad

seen = []
for name, kind, zipmap in [
    ('float32', FloatTensorType, True),
    ('float64', DoubleTensorType, True),
    ('float64 no ZipMap', DoubleTensorType, False),
]:
    written = convert_sklearn(
        model, initial_types=[('X', kind([None, 4]))], options={id(model): {'zipmap': zipmap}}, target_opset=18
    )
    valid = outcome(lambda: onnx.checker.check_model(written, full_check=True), 'valid', 'invalid')
    loads = outcome(lambda: onnxruntime.InferenceSession(written.SerializeToString()), 'loads', 'refused')
    print(f'{name:20} {valid:8} {loads}')
    seen.append((valid, loads))
sys.exit(seen != [('valid', 'loads'), ('invalid', 'refused'), ('valid', 'loads')])
PYTHON

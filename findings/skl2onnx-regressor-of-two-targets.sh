#!/usr/bin/env bash
# skl2onnx 1.20.0: an MLPRegressor of several targets is converted with a Reshape to [-1, 1] at its end. Three samples of two targets give
# six rows of one value where scikit-learn gives three rows of two, and the file declares [None, 1]. Linear regressors keep their shape.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 skl2onnx==1.20.0
cat > probe.py <<'PY'
import warnings
import numpy as np, onnxruntime as ort, skl2onnx, sklearn
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
warnings.filterwarnings('ignore')
x = np.random.default_rng(1).standard_normal((40, 4)).astype(np.float32)
y = np.stack([x[:, 0] + x[:, 1], x[:, 2]], axis=1)
print('skl2onnx', skl2onnx.__version__, 'scikit-learn', sklearn.__version__, 'onnxruntime', ort.__version__)
for net in (MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0), LinearRegression()):
    net.fit(x, y)
    session = ort.InferenceSession(skl2onnx.to_onnx(net, x[:1]).SerializeToString())
    got, wanted = session.run(None, {'X': x[:3]})[0], net.predict(x[:3])
    print(type(net).__name__, 'scikit-learn', wanted.shape, 'ONNX', got.shape, 'declared', session.get_outputs()[0].shape,
          'same values:', bool(np.allclose(got.ravel(), wanted.ravel(), atol=1e-5)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# skl2onnx 1.20.0 scikit-learn 1.9.1 onnxruntime 1.32.0
# MLPRegressor scikit-learn (3, 2) ONNX (6, 1) declared [None, 1] same values: True
# LinearRegression scikit-learn (3, 2) ONNX (3, 2) declared [None, 2] same values: True
grep -qF 'MLPRegressor scikit-learn (3, 2) ONNX (6, 1) declared [None, 1] same values: True' out.txt
grep -qF 'LinearRegression scikit-learn (3, 2) ONNX (3, 2) declared [None, 2] same values: True' out.txt

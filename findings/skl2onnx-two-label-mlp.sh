#!/usr/bin/env bash
# skl2onnx 1.20.0: an MLPClassifier trained on two independent labels is converted as if it chose between two classes. Its
# probabilities have four columns (1-p and p of each label, the complements first) where three labels give three and
# scikit-learn gives two; the output of the default conversion (ZipMap) cannot be computed at all and each run fails.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 scikit-learn==1.9.1 skl2onnx==1.20.0
cat > probe.py <<'PY'
import warnings
import numpy as np, onnxruntime as ort, skl2onnx, sklearn
from sklearn.neural_network import MLPClassifier
warnings.filterwarnings('ignore')
ort.set_default_logger_severity(4)
x = np.random.default_rng(1).standard_normal((40, 4)).astype(np.float32)
print('skl2onnx', skl2onnx.__version__, 'scikit-learn', sklearn.__version__, 'onnxruntime', ort.__version__)
def answer(net, zipmap):
    model = skl2onnx.to_onnx(net, x[:1], options={id(net): {'zipmap': zipmap}})
    try:
        return ort.InferenceSession(model.SerializeToString()).run(None, {'X': x[:5]})[1]
    except Exception as error:
        return 'error at run'
for labels in (2, 3):
    net = MLPClassifier((4,), max_iter=20, random_state=0).fit(x, (x[:, :labels] > 0).astype(int))
    wanted, got = net.predict_proba(x[:5]), answer(net, False)
    print(labels, 'labels: scikit-learn', wanted.shape, 'ONNX', got.shape)
    if labels == 2:
        print('columns are 1-p, 1-q, p, q:', bool(np.allclose(got, np.hstack([1 - wanted, wanted]), atol=1e-5)))
        print('default conversion:', answer(net, True))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# skl2onnx 1.20.0 scikit-learn 1.9.1 onnxruntime 1.32.0
# 2 labels: scikit-learn (5, 2) ONNX (5, 4)
# columns are 1-p, 1-q, p, q: True
# default conversion: error at run
# 3 labels: scikit-learn (5, 3) ONNX (5, 3)
grep -qF '2 labels: scikit-learn (5, 2) ONNX (5, 4)' out.txt
grep -qF '3 labels: scikit-learn (5, 3) ONNX (5, 3)' out.txt
grep -qF 'columns are 1-p, 1-q, p, q: True' out.txt
grep -qF 'default conversion: error at run' out.txt

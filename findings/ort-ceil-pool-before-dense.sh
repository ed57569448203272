#!/usr/bin/env bash
# ONNX Runtime 1.32.0 and onnx 1.23.2: no dense layer can follow a pooling with ceil_mode below opset 22 whose last window
# would start in the padding. Shape inference counts that window (4 values), the kernel leaves it out (3 values). A weight of
# 4 rows passes the checker and fails when run; a weight of 3 rows, which is what fits, is refused by the checker and by the
# loader. From opset 22 on both count 3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
def constant(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(value, dtype), name)
def network(nodes, inputs, outputs, constants=(), opset=17):
    info = lambda value: helper.make_tensor_value_info(*value)
    graph = helper.make_graph(nodes, 'g', [info(v) for v in inputs], [info(v) for v in outputs], list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
    return model
def session(model, level=ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    return ort.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])
OFF = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
FLOAT = TensorProto.FLOAT
ort.set_default_logger_severity(4)

def attempt(opset, rows):
    nodes = [helper.make_node('MaxPool', ['x'], ['p'], kernel_shape=[2], strides=[2], pads=[1, 1], ceil_mode=1),
             helper.make_node('Flatten', ['p'], ['f']), helper.make_node('Gemm', ['f', 'w'], ['y'])]
    model = network(nodes, [('x', FLOAT, [1, 1, 5])], [('y', FLOAT, [1, 1])], [constant('w', np.ones((rows, 1)))], opset)
    def tried(step):
        try:
            return step()
        except Exception as error:
            return 'refused'
    checked = tried(lambda: onnx.checker.check_model(model, full_check=True) or 'ok')
    run = tried(lambda: session(model))
    loaded = run if run == 'refused' else 'ok'
    answered = tried(lambda: run.run(None, {'x': np.array([[[1, 2, 3, 4, 5]]], np.float32)})[0].item())
    print(f'opset {opset}, weight of {rows} rows: check {checked}, load {loaded}, run {answered}')
print('onnxruntime', ort.__version__, 'onnx', onnx.__version__)
for opset in (19, 21, 22):
    for rows in (3, 4):
        attempt(opset, rows)
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0 onnx 1.23.2
# opset 19, weight of 3 rows: check refused, load refused, run refused
# opset 19, weight of 4 rows: check ok, load ok, run refused
# opset 21, weight of 3 rows: check refused, load refused, run refused
# opset 21, weight of 4 rows: check ok, load ok, run refused
# opset 22, weight of 3 rows: check ok, load ok, run 9.0
# opset 22, weight of 4 rows: check refused, load refused, run refused
grep -qF 'opset 19, weight of 3 rows: check refused, load refused' out.txt
grep -qF 'opset 19, weight of 4 rows: check ok, load ok, run refused' out.txt
grep -qF 'opset 21, weight of 4 rows: check ok, load ok, run refused' out.txt
grep -qF 'opset 22, weight of 3 rows: check ok, load ok, run 9.0' out.txt

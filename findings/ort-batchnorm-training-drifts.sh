#!/usr/bin/env bash
# ONNX Runtime 1.32.0: a session that runs the same input again answers something else, and each call moves it further, when
# a BatchNormalization in training mode has a scale equal to its variance (both 1 in a fresh layer) and only its first output
# is used. The default optimisation stores equal constants once (ConstantSharing), and the kernel then writes the running
# variance over that one copy, which is the scale too. Without ConstantSharing, or with another variance, calls agree.
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
    onnx.checker.check_model(model, full_check=True)
    return model
def session(model, level=ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    return ort.InferenceSession(model.SerializeToString(), options, providers=['CPUExecutionProvider'])
OFF = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
FLOAT = TensorProto.FLOAT
ort.set_default_logger_severity(4)

node = helper.make_node('BatchNormalization', ['r', 'scale', 'bias', 'mean', 'variance'], ['y', 'm', 'v'], training_mode=1)
def layer(variance):
    constants = [constant('scale', [1, 1]), constant('bias', [5, 6]), constant('mean', [0, 0]), constant('variance', variance)]
    nodes = [helper.make_node('Relu', ['x'], ['r']), node]
    return network(nodes, [('x', FLOAT, [1, 2, 2, 2])], [('y', FLOAT, [1, 2, 2, 2])], constants)
x = np.array([0, 1, 2, 3, 0, 2, 4, 6], np.float32).reshape(1, 2, 2, 2)
print('onnxruntime', ort.__version__)
def spreads(run):  # the answer's standard deviation is the scale that was applied
    return [round(float(run.run(None, {'x': x})[0][0, 0].std()), 3) for _ in range(4)]
print('variance 1, optimised  ', spreads(session(layer([1, 1]))))
print('variance 1, unoptimised', spreads(session(layer([1, 1]), OFF)))
unshared = ort.InferenceSession(layer([1, 1]).SerializeToString(), disabled_optimizers=['ConstantSharing'])
print('variance 1, ConstantSharing disabled', spreads(unshared))
print('variance 2, optimised  ', spreads(session(layer([2, 3]))))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0
# variance 1, optimised   [1.025, 1.047, 1.068, 1.086]
# variance 1, unoptimised [1.0, 1.0, 1.0, 1.0]
# variance 1, ConstantSharing disabled [1.0, 1.0, 1.0, 1.0]
# variance 2, optimised   [1.0, 1.0, 1.0, 1.0]
grep -qF 'variance 1, optimised   [1.025, 1.047, 1.068, 1.086]' out.txt
grep -qF 'variance 1, unoptimised [1.0, 1.0, 1.0, 1.0]' out.txt
grep -qF 'variance 1, ConstantSharing disabled [1.0, 1.0, 1.0, 1.0]' out.txt
grep -qF 'variance 2, optimised   [1.0, 1.0, 1.0, 1.0]' out.txt

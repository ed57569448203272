#!/usr/bin/env bash
# ONNX Runtime 1.32.0: whether a Dropout with training_mode true drops anything depends on where it stands. Between two nodes
# the default optimisation removes it, although training_mode is a constant true; as the first or last node of the graph, or
# with optimisation off, it drops half of the values. A network exported in training mode therefore looks right until
# somebody cuts it or switches optimisation off.
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

x = np.ones((1, 64), np.float32)
def zeros(before, after, level):
    chain = (['Abs'] if before else []) + ['Dropout'] + (['Abs'] if after else [])
    nodes = []
    for index, op in enumerate(chain):
        source, target = 'x' if index == 0 else f't{index}', 'y' if index == len(chain) - 1 else f't{index + 1}'
        rest = ['ratio', 'training'] if op == 'Dropout' else []
        nodes.append(helper.make_node(op, [source, *rest], [target], **({'seed': 7} if rest else {})))
    constants = [constant('ratio', 0.5), constant('training', True, bool)]
    model = network(nodes, [('x', FLOAT, [1, 64])], [('y', FLOAT, [1, 64])], constants)
    return 'drops' if (session(model, level).run(None, {'x': x})[0] == 0).any() else 'keeps all'
ALL = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
print('onnxruntime', ort.__version__)
print('in the middle:', zeros(True, True, ALL), '/ unoptimised:', zeros(True, True, OFF))
print('first node:', zeros(False, True, ALL), '/ unoptimised:', zeros(False, True, OFF))
print('last node:', zeros(True, False, ALL), '/ unoptimised:', zeros(True, False, OFF))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0
# in the middle: keeps all / unoptimised: drops
# first node: drops / unoptimised: drops
# last node: drops / unoptimised: drops
grep -qF 'in the middle: keeps all / unoptimised: drops' out.txt
grep -qF 'first node: drops / unoptimised: drops' out.txt

#!/usr/bin/env bash
# onnx-graphsurgeon 0.6.1: fold_constants replaces a Shape by the whole shape of its input, whatever its attributes start and end
# say (opset 15 and later). Here the rows and columns of a map are multiplied to a length; folded, the samples and channels
# count too. The file stays valid and its output gets another shape. With fold_shapes=False it is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 onnx-graphsurgeon==0.6.1
cat > probe.py <<'PY'
import numpy as np, onnx, onnx_graphsurgeon as gs, onnxruntime
from onnx import TensorProto, helper, numpy_helper

def network(**part):
    """x of [2, 3, 4, 5] as [-1, product of the sizes that Shape gives]."""
    nodes = [
        helper.make_node('Shape', ['x'], ['sizes'], **part),
        helper.make_node('ReduceProd', ['sizes'], ['length'], keepdims=1),
        helper.make_node('Concat', ['rest', 'length'], ['shape'], axis=0),
        helper.make_node('Reshape', ['x', 'shape'], ['y']),
    ]
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, 'g', [info('x', [2, 3, 4, 5])], [info('y', [None, None])], [numpy_helper.from_array(np.array([-1]), 'rest')])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model

def shape(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    return list(session.run(None, {'x': np.zeros((2, 3, 4, 5), np.float32)})[0].shape)

def folded(model, **options):
    model = gs.export_onnx(gs.import_onnx(model).fold_constants(**options).cleanup())
    onnx.checker.check_model(model)
    return model

for part in ({}, {'start': 2}, {'start': 2, 'end': 3}, {'end': -2}):
    model = network(**part)
    print(part, 'as it is', shape(model), 'folded', shape(folded(model)), 'without fold_shapes', shape(folded(model, fold_shapes=False)))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
{} as it is [1, 120] folded [1, 120] without fold_shapes [1, 120]
{'start': 2} as it is [6, 20] folded [1, 120] without fold_shapes [6, 20]
{'start': 2, 'end': 3} as it is [30, 4] folded [1, 120] without fold_shapes [30, 4]
{'end': -2} as it is [20, 6] folded [1, 120] without fold_shapes [20, 6]
TXT
diff seen.txt out.txt

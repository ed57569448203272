#!/usr/bin/env bash
# onnx2torch 1.5.15 takes a ReduceMax over the axes [-2, -1] without keepdims, the global maximum of each channel, over other
# axes: it reduces one axis after another, and after the first the map has one axis less, so -1 no longer is the last one that was
# meant. Where the sizes fit, nothing fails. Counted from the front or with keepdims = 1 it is right, and so is ReduceMean.
# A Pad of opset 10, which has its value in an attribute, pads zeros; of opset 11, where the value is an input, it is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 torch==2.15.0 onnx2torch==1.5.15
cat > probe.py <<'PY'
import numpy as np, onnx, onnx2torch, onnxruntime, torch
from onnx import TensorProto, helper, numpy_helper

def compare(title, node, opset, x, **constants):
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    tensors = [numpy_helper.from_array(np.array(value), name) for name, value in constants.items()]
    graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', None)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=7)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    answers = dict(ort=session.run(None, {'x': x})[0], onnx2torch=onnx2torch.convert(model).eval()(torch.from_numpy(x)).numpy())
    for name, y in answers.items():
        print(f'{title:30} {name:10}', y.ravel().round(2).tolist(), list(y.shape))

x = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)
for kind, axes, keepdims in [('ReduceMax', [2, 3], 0), ('ReduceMax', [-2, -1], 0), ('ReduceMax', [-2, -1], 1), ('ReduceMean', [-2, -1], 0)]:
    node = helper.make_node(kind, ['x'], ['y'], axes=axes, keepdims=keepdims)
    compare(f'{kind} {axes} keepdims {keepdims}', node, 13, x)
row = np.array([[[[1, 4, 8]]]], np.float32)
compare('Pad of opset 10', helper.make_node('Pad', ['x'], ['y'], pads=[0, 0, 0, 1, 0, 0, 0, 1], value=2.5), 10, row)
pads = dict(p=[0, 0, 0, 1, 0, 0, 0, 1], v=np.float32(2.5))
compare('Pad of opset 11', helper.make_node('Pad', ['x', 'p', 'v'], ['y']), 11, row, **pads)
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
ReduceMax [2, 3] keepdims 0    ort        [3.0, 7.0, 11.0] [1, 3]
ReduceMax [2, 3] keepdims 0    onnx2torch [3.0, 7.0, 11.0] [1, 3]
ReduceMax [-2, -1] keepdims 0  ort        [3.0, 7.0, 11.0] [1, 3]
ReduceMax [-2, -1] keepdims 0  onnx2torch [10.0, 11.0] [1, 2]
ReduceMax [-2, -1] keepdims 1  ort        [3.0, 7.0, 11.0] [1, 3, 1, 1]
ReduceMax [-2, -1] keepdims 1  onnx2torch [3.0, 7.0, 11.0] [1, 3, 1, 1]
ReduceMean [-2, -1] keepdims 0 ort        [1.5, 5.5, 9.5] [1, 3]
ReduceMean [-2, -1] keepdims 0 onnx2torch [1.5, 5.5, 9.5] [1, 3]
Pad of opset 10                ort        [2.5, 1.0, 4.0, 8.0, 2.5] [1, 1, 1, 5]
Pad of opset 10                onnx2torch [0.0, 1.0, 4.0, 8.0, 0.0] [1, 1, 1, 5]
Pad of opset 11                ort        [2.5, 1.0, 4.0, 8.0, 2.5] [1, 1, 1, 5]
Pad of opset 11                onnx2torch [2.5, 1.0, 4.0, 8.0, 2.5] [1, 1, 1, 5]
TXT
diff seen.txt out.txt

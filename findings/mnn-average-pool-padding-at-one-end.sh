#!/usr/bin/env bash
# MNN 3.6.1: AveragePool with count_include_pad 1 and padding at the lower right end alone does not count that padding: the
# mean of ones in the last corner is 1 in place of 1/4. With the same padding at both ends it is counted. The converter shows
# no warning.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 MNN==3.6.1
cat > probe.py <<'PY'
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
def network(node, shape, opset, **constants):
    """One node from x to y."""
    info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph([node], 'g', [info('x', shape)], [info('y', None)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model
show = lambda y: np.asarray(y, np.float64).ravel().round(3).tolist()
def ort(model, x):
    import onnxruntime
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider']).run(None, {'x': x})[0]
def mnn(model, x):
    import subprocess, sys, os
    onnx.save(model, 'model.onnx')
    tool = os.path.join(os.path.dirname(sys.executable), 'mnnconvert')
    subprocess.run([tool, '-f', 'ONNX', '--modelFile', 'model.onnx', '--MNNModel', 'model.mnn', '--bizCode', 'x'], capture_output=True, check=True)
    import MNN.nn as nn, MNN.expr as F
    value = F.placeholder(list(x.shape), F.NCHW)
    value.write(x.ravel().tolist())
    y = F.convert(nn.load_module_from_file('model.mnn', ['x'], ['y']).forward(value), F.NCHW)
    return np.array(y.read()).reshape(y.shape)

for size, pads in ((3, [0, 0, 1, 1]), (4, [1, 1, 1, 1])):
    x = np.ones((1, 1, size, size), np.float32)
    node = helper.make_node('AveragePool', ['x'], ['y'], kernel_shape=[2, 2], strides=[2, 2], pads=pads, count_include_pad=1)
    model = network(node, list(x.shape), 18)
    for run in (ort, mnn):
        print(f'pads {pads} {run.__name__:3}', show(run(model, x)))
PY
env/bin/python probe.py 2>errors.txt | grep -v '^The device supports' | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
pads [0, 0, 1, 1] ort [1.0, 0.5, 0.5, 0.25]
pads [0, 0, 1, 1] mnn [1.0, 1.0, 1.0, 1.0]
pads [1, 1, 1, 1] ort [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25]
pads [1, 1, 1, 1] mnn [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25]
TXT
diff seen.txt out.txt

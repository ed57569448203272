#!/usr/bin/env bash
# ONNX Runtime 1.32.0: a pooling window smaller than its stride with auto_pad SAME_UPPER, such as a 1x1 MaxPool of stride 2.
# The operator's text puts the total padding (out - 1) * stride + window - in at -1 here. With 3
# channels ONNX Runtime loads the network and fails at the first run ("padding values must be non-negative"). With 16 channels
# it answers, because the optimiser moves the pooling to its blocked layout (x64 with AVX or later); without optimisation it
# fails again. The reference of the onnx package answers other pixels than the blocked kernel.
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

from onnx.reference import ReferenceEvaluator
def pool(channels):
    node = helper.make_node('MaxPool', ['x'], ['y'], kernel_shape=[1, 1], strides=[2, 2], auto_pad='SAME_UPPER')
    return network([node], [('x', FLOAT, [1, channels, 4, 4])], [('y', FLOAT, [1, channels, 2, 2])])
def answer(run, channels):
    x = np.broadcast_to(np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4), (1, channels, 4, 4)).copy()
    try:
        return run().run(None, {'x': x})[0][0, 0].ravel().tolist()
    except Exception as error:
        return 'error: ' + str(error).split('Message: ')[-1]
print('onnxruntime', ort.__version__)
for channels in (3, 16):
    model = pool(channels)
    print(channels, 'channels, optimised:', answer(lambda: session(model), channels))
    print(channels, 'channels, unoptimised:', answer(lambda: session(model, OFF), channels))
    print(channels, 'channels, onnx reference:', answer(lambda: ReferenceEvaluator(model), channels))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0
# 3 channels, optimised: error: padding values must be non-negative
# 3 channels, unoptimised: error: padding values must be non-negative
# 3 channels, onnx reference: [5.0, 7.0, 13.0, 15.0]
# 16 channels, optimised: [0.0, 2.0, 8.0, 10.0]
# 16 channels, unoptimised: error: padding values must be non-negative
# 16 channels, onnx reference: [5.0, 7.0, 13.0, 15.0]
grep -qF '3 channels, optimised: error: padding values must be non-negative' out.txt
grep -qF '3 channels, unoptimised: error: padding values must be non-negative' out.txt
grep -qF '16 channels, optimised: [0.0, 2.0, 8.0, 10.0]' out.txt
grep -qF '16 channels, unoptimised: error: padding values must be non-negative' out.txt
grep -qF '16 channels, onnx reference: [5.0, 7.0, 13.0, 15.0]' out.txt

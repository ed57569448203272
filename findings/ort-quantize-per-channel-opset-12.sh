#!/usr/bin/env bash
# ONNX Runtime 1.32.0, quantize_static: for a network of opset 11 or 12, per_channel with the default QDQ format writes a file
# that ONNX Runtime itself refuses ("Unrecognized attribute: axis"): DequantizeLinear has an axis from opset 13 on, and the
# quantiser writes it without raising the opset. Without per_channel, with QOperator, or from opset 13 on the file is valid.
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

import logging
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
logging.disable(logging.WARNING)
class Samples(CalibrationDataReader):
    def __init__(self):
        self.rest = iter([{'x': np.full((1, 1, 4, 4), v, np.float32)} for v in (-1, 0.5, 1)])
    def get_next(self):
        return next(self.rest, None)
def verdict(opset, form, per_channel):
    w, b = constant('w', np.linspace(-1, 1, 18).reshape(2, 1, 3, 3)), constant('b', [1, 2])
    model = network([helper.make_node('Conv', ['x', 'w', 'b'], ['y'])], [('x', FLOAT, [1, 1, 4, 4])], [('y', FLOAT, [1, 2, 2, 2])], [w, b], opset)
    onnx.save(model, 'in.onnx')
    quantize_static('in.onnx', 'out.onnx', Samples(), quant_format=form, per_channel=per_channel)
    written = onnx.load('out.onnx')
    opset_written = max(o.version for o in written.opset_import if o.domain == '')
    try:
        session(written).run(None, {'x': np.ones((1, 1, 4, 4), np.float32)})
        return f'opset {opset_written} written, runs'
    except Exception as error:
        return f'opset {opset_written} written, refused' + (', unrecognized axis' if 'Unrecognized attribute: axis' in str(error) else '')
print('onnxruntime', ort.__version__)
for opset in (11, 12, 13):
    print(f'opset {opset}: QDQ per channel:', verdict(opset, QuantFormat.QDQ, True))
print('opset 12: QDQ per tensor:', verdict(12, QuantFormat.QDQ, False))
print('opset 12: QOperator per channel:', verdict(12, QuantFormat.QOperator, True))
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-29:
# onnxruntime 1.32.0
# opset 11: QDQ per channel: opset 11 written, refused, unrecognized axis
# opset 12: QDQ per channel: opset 12 written, refused, unrecognized axis
# opset 13: QDQ per channel: opset 13 written, runs
# opset 12: QDQ per tensor: opset 12 written, runs
# opset 12: QOperator per channel: opset 12 written, runs
grep -qF 'opset 11: QDQ per channel: opset 11 written, refused, unrecognized axis' out.txt
grep -qF 'opset 12: QDQ per channel: opset 12 written, refused, unrecognized axis' out.txt
grep -qF 'opset 13: QDQ per channel: opset 13 written, runs' out.txt
grep -qF 'opset 12: QDQ per tensor: opset 12 written, runs' out.txt
grep -qF 'opset 12: QOperator per channel: opset 12 written, runs' out.txt

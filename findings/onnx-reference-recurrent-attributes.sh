#!/usr/bin/env bash
# onnx 1.23.2's reference leaves out sequence_lens and clip of RNN, GRU and LSTM and input_forget of LSTM, without a word: a batch of sequences
# of different lengths is computed to the longest, padding included. ONNX Runtime 1.32.0 follows the operators' text: behind a
# sequence's end the output is 0 and the last state is that of its last step, clip bounds what goes into the activations, and
# with input_forget the forget gate is 1 minus the input gate.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
x = np.array([[[1], [1]], [[0.5], [0.5]], [[2], [2]]], np.float32)  # three steps of two sequences
info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
show = lambda y: (y.ravel().astype(np.float64).round(3) + 0.0).tolist()
for operator, gates in (('RNN', 1), ('GRU', 3), ('LSTM', 4)):
    weights = {
        'w': np.linspace(0.5, 1, gates, dtype=np.float32).reshape(1, gates, 1),
        'r': np.full((1, gates, 1), 0.5, np.float32),
        'lengths': np.array([2, 3], np.int32),
    }
    cases = [('', {}, ''), ('sequence_lens', {}, 'lengths'), ('clip', {'clip': 0.25}, '')]
    for what, attributes, lengths in cases + [('input_forget', {'input_forget': 1}, '')] * (operator == 'LSTM'):
        node = helper.make_node(operator, ['x', 'w', 'r', '', lengths], ['y', 'h'], hidden_size=1, **attributes)
        tensors = [numpy_helper.from_array(value, name) for name, value in weights.items() if name in node.input]
        graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', None), info('h', None)], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 14)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(model, full_check=True)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
        for name, run in (('ort', session.run), ('reference', ReferenceEvaluator(model).run)):
            y, h = run(None, {'x': x})
            print(f'{operator:4} {what:13} {name:9} last step {show(y[2])} last state {show(h)}')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
RNN                ort       last step [0.841, 0.841] last state [0.841, 0.841]
RNN                reference last step [0.841, 0.841] last state [0.841, 0.841]
RNN  sequence_lens ort       last step [0.0, 0.841] last state [0.447, 0.841]
RNN  sequence_lens reference last step [0.841, 0.841] last state [0.841, 0.841]
RNN  clip          ort       last step [0.245, 0.245] last state [0.245, 0.245]
RNN  clip          reference last step [0.841, 0.841] last state [0.841, 0.841]
GRU                ort       last step [0.522, 0.522] last state [0.522, 0.522]
GRU                reference last step [0.522, 0.522] last state [0.522, 0.522]
GRU  sequence_lens ort       last step [0.0, 0.522] last state [0.385, 0.522]
GRU  sequence_lens reference last step [0.522, 0.522] last state [0.522, 0.522]
GRU  clip          ort       last step [0.201, 0.201] last state [0.201, 0.201]
GRU  clip          reference last step [0.522, 0.522] last state [0.522, 0.522]
LSTM               ort       last step [0.705, 0.705] last state [0.705, 0.705]
LSTM               reference last step [0.705, 0.705] last state [0.705, 0.705]
LSTM sequence_lens ort       last step [0.0, 0.705] last state [0.35, 0.705]
LSTM sequence_lens reference last step [0.705, 0.705] last state [0.705, 0.705]
LSTM clip          ort       last step [0.142, 0.142] last state [0.142, 0.142]
LSTM clip          reference last step [0.705, 0.705] last state [0.705, 0.705]
LSTM input_forget  ort       last step [0.57, 0.57] last state [0.57, 0.57]
LSTM input_forget  reference last step [0.705, 0.705] last state [0.705, 0.705]
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# pyhelayers 1.5.5.4 (HElayers) averages with padding in one way, counting it as zeros, and what it does with an ONNX file of the other
# kind depends on the spelling: count_include_pad = 0 is refused; left out, which by ONNX means the same 0, it is loaded
# with a warning on the console, and gives other numbers than ONNX Runtime 1.32.0 at the border. Exporters leave it out.
# Needs Python 3.11.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyhelayers==1.5.5.4 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cat > probe.py <<'PY'
import importlib.metadata as metadata, numpy as np, onnx, onnxruntime, pyhelayers
from onnx import TensorProto, helper, numpy_helper
sample = np.ones((1, 1, 4, 4), np.float32)
for attribute in ({'count_include_pad': 1}, {'count_include_pad': 0}, {}):
    nodes = [
        helper.make_node('Conv', ['x', 'w'], ['u'], name='conv', kernel_shape=[1, 1]),
        helper.make_node('AveragePool', ['u'], ['y'], name='pool', kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], **attribute),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, 'g', [info('x', TensorProto.FLOAT, [1, 1, 4, 4])], [info('y', TensorProto.FLOAT, [1, 1, 2, 2])],
                              [numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), 'w')])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8), 'm.onnx')
    expected = onnxruntime.InferenceSession('m.onnx').run(None, {'x': sample})[0].ravel()
    network = pyhelayers.NeuralNetPlain()
    rounded = lambda values: [round(float(value), 3) for value in np.array(values).ravel()]
    try:
        network.init_from_files(pyhelayers.PlainModelHyperParams(), ['m.onnx'])
        given = rounded(network.predict([sample]))
    except RuntimeError as error:
        given = str(error).split('failed: ', 1)[-1]
    print(f"pyhelayers {metadata.version('pyhelayers')}, {attribute}, averages of ones: ONNX Runtime {rounded(expected)}, HElayers {given}", flush=True)
PY
venv/bin/python probe.py | grep -v '^$' | tee out.txt
# Seen on 2026-11-29:
# pyhelayers 1.5.5.4, {'count_include_pad': 1}, averages of ones: ONNX Runtime [0.444, 0.667, 0.667, 1.0], HElayers [0.444, 0.667, 0.667, 1.0]
# pyhelayers 1.5.5.4, {'count_include_pad': 0}, averages of ones: ONNX Runtime [1.0, 1.0, 1.0, 1.0], HElayers Node pool includes an attribute "count_include_pad" for which the only value currently supported is 1, value given: 0
# WARNING: AveragePooling2D node pool has non-zero padding and excludes the "count_include_pad" attribute which in ONNX has a default value of 0. Helayers supported behaviour is to include the pads when averaging, which may contradict the model expected behaviour.
# pyhelayers 1.5.5.4, {}, averages of ones: ONNX Runtime [1.0, 1.0, 1.0, 1.0], HElayers [0.444, 0.667, 0.667, 1.0]
grep -q "'count_include_pad': 1}, .*Runtime \[0.444, 0.667, 0.667, 1.0\], HElayers \[0.444, 0.667, 0.667, 1.0\]" out.txt
grep -q "'count_include_pad': 0}, .*Runtime \[1.0, 1.0, 1.0, 1.0\], HElayers Node pool .*only value currently supported is 1" out.txt
grep -q ' {}, .*Runtime \[1.0, 1.0, 1.0, 1.0\], HElayers \[0.444, 0.667, 0.667, 1.0\]' out.txt

#!/usr/bin/env bash
# The reference of onnx 1.23.2 pads a MaxPool of stride 1 on other sides than its `pads` say. They are the starts of all axes and
# then the ends; it takes the first two for the height and the last two for the width, so that [1, 0, 1, 0], a row above and a
# row below, becomes one row above and one column at the right, and the output has another shape than onnx infers for it.
# AveragePool is right, so is stride 2, and so are equal pads, which is how most networks pad.
# With SAME_LOWER and stride 2 the reference rounds the size down, where the text and onnx's own inference round it up.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > probe.py <<'PY'
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

x = np.arange(1, 13, dtype=np.float32).reshape(1, 1, 3, 4)

def compare(kind, **attributes):
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([helper.make_node(kind, ['x'], ['y'], kernel_shape=[2, 2], **attributes)], 'g', [info('x', x.shape)], [info('y', None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    inferred = [size.dim_value for size in model.graph.output[0].type.tensor_type.shape.dim[2:]]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])
    answers = dict(ort=session.run(None, {'x': x})[0][0, 0], reference=ReferenceEvaluator(model).run(None, {'x': x})[0][0, 0])
    print(kind, attributes, 'inferred', inferred, {name: y.tolist() for name, y in answers.items()})

compare('MaxPool', pads=[1, 0, 1, 0])
compare('AveragePool', pads=[1, 0, 1, 0], count_include_pad=1)
compare('MaxPool', pads=[1, 0, 1, 0], strides=[2, 2])
compare('MaxPool', pads=[1, 1, 1, 1])
compare('MaxPool', auto_pad='SAME_LOWER', strides=[2, 2])
compare('MaxPool', auto_pad='SAME_UPPER', strides=[2, 2])
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
MaxPool {'pads': [1, 0, 1, 0]} inferred [4, 3] {'ort': [[2.0, 3.0, 4.0], [6.0, 7.0, 8.0], [10.0, 11.0, 12.0], [10.0, 11.0, 12.0]], 'reference': [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]]}
AveragePool {'pads': [1, 0, 1, 0], 'count_include_pad': 1} inferred [4, 3] {'ort': [[0.75, 1.25, 1.75], [3.5, 4.5, 5.5], [7.5, 8.5, 9.5], [4.75, 5.25, 5.75]], 'reference': [[0.75, 1.25, 1.75], [3.5, 4.5, 5.5], [7.5, 8.5, 9.5], [4.75, 5.25, 5.75]]}
MaxPool {'pads': [1, 0, 1, 0], 'strides': [2, 2]} inferred [2, 2] {'ort': [[2.0, 4.0], [10.0, 12.0]], 'reference': [[2.0, 4.0], [10.0, 12.0]]}
MaxPool {'pads': [1, 1, 1, 1]} inferred [4, 5] {'ort': [[1.0, 2.0, 3.0, 4.0, 4.0], [5.0, 6.0, 7.0, 8.0, 8.0], [9.0, 10.0, 11.0, 12.0, 12.0], [9.0, 10.0, 11.0, 12.0, 12.0]], 'reference': [[1.0, 2.0, 3.0, 4.0, 4.0], [5.0, 6.0, 7.0, 8.0, 8.0], [9.0, 10.0, 11.0, 12.0, 12.0], [9.0, 10.0, 11.0, 12.0, 12.0]]}
MaxPool {'auto_pad': 'SAME_LOWER', 'strides': [2, 2]} inferred [2, 2] {'ort': [[2.0, 4.0], [10.0, 12.0]], 'reference': [[10.0, 12.0]]}
MaxPool {'auto_pad': 'SAME_UPPER', 'strides': [2, 2]} inferred [2, 2] {'ort': [[6.0, 8.0], [10.0, 12.0]], 'reference': [[6.0, 8.0], [10.0, 12.0]]}
TXT
diff seen.txt out.txt

#!/usr/bin/env bash
# pnnx 20261020, which converts ONNX for ncnn, reads auto_pad SAME_UPPER of a pool as half a window of padding on every side,
# whatever the stride. A 3 x 3 pool with stride 2 on 4 x 4 needs one row and one column of padding at the lower right alone: every window stands one cell too far up and to the left, the shape is the right one, and there is no error. The
# average also counts the padding, which SAME leaves out by default. The same pool with pads written out, and a Conv with
# SAME_UPPER, are converted rightly. Takes about a minute, and 300 MB while it runs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 ncnn==1.0.20261020 pnnx==20261020
cat > probe.py <<'PY'
import subprocess
import ncnn, numpy as np, onnx, onnxruntime
from importlib.metadata import version
from onnx import TensorProto, helper, numpy_helper
x = np.arange(1, 17, dtype=np.float32).reshape(1, 1, 4, 4)
w = np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)
show = lambda y: np.asarray(y, np.float64).ravel().round(2).tolist()

def compare(title, kind, **attributes):
    info = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    inputs, tensors = (['x', 'w'], [numpy_helper.from_array(w, 'w')]) if kind == 'Conv' else (['x'], [])
    if kind != 'Conv': attributes['kernel_shape'] = [3, 3]
    node = helper.make_node(kind, inputs, ['y'], strides=[2, 2], **attributes)
    graph = helper.make_graph([node], 'g', [info('x', x.shape)], [info('y', [1, 1, 2, 2])], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, 'm.onnx')
    session = onnxruntime.InferenceSession('m.onnx', providers=['CPUExecutionProvider'])
    subprocess.run(['env/bin/pnnx', 'm.onnx', 'inputshape=[1,1,4,4]', 'fp16=0'], check=True, capture_output=True)
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = False
    net.load_param('m.ncnn.param')
    net.load_model('m.ncnn.bin')
    extractor = net.create_extractor()
    extractor.input('in0', ncnn.Mat(x[0].copy()))
    print(f'{title:22} ort ', show(session.run(None, {'x': x})[0]))
    print(f'{title:22} ncnn', show(extractor.extract('out0')[1]))

print('pnnx', version('pnnx'), 'ncnn', version('ncnn'))
compare('MaxPool SAME_UPPER', 'MaxPool', auto_pad='SAME_UPPER')
compare('MaxPool pads 0,0,1,1', 'MaxPool', pads=[0, 0, 1, 1])
compare('AveragePool SAME_UPPER', 'AveragePool', auto_pad='SAME_UPPER')
compare('Conv SAME_UPPER', 'Conv', auto_pad='SAME_UPPER')
PY
env/bin/python probe.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
pnnx 20261020 ncnn 1.0.20261020
MaxPool SAME_UPPER     ort  [11.0, 12.0, 15.0, 16.0]
MaxPool SAME_UPPER     ncnn [6.0, 8.0, 14.0, 16.0]
MaxPool pads 0,0,1,1   ort  [11.0, 12.0, 15.0, 16.0]
MaxPool pads 0,0,1,1   ncnn [11.0, 12.0, 15.0, 16.0]
AveragePool SAME_UPPER ort  [6.0, 7.5, 12.0, 13.5]
AveragePool SAME_UPPER ncnn [1.56, 3.33, 6.33, 11.0]
Conv SAME_UPPER        ort  [348.0, 252.0, 274.0, 175.0]
Conv SAME_UPPER        ncnn [348.0, 252.0, 274.0, 175.0]
TXT
diff seen.txt out.txt

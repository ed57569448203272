#!/usr/bin/env bash
# rten 0.27.0 loads three things of ONNX that it computes otherwise, without an error: a cubic Resize is the linear one, ArgMax and ArgMin
# of equal values take the last instead of the first (select_last_index = 0 is ONNX's default), and the Sign of 0 is 1.
# ONNX Runtime 1.32.0 agrees with the operators' text. Needs Rust 1.89 or newer with cargo; it builds for some minutes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > write.py <<'PY'
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper
node = helper.make_node
twice = {'s': np.array([1, 1, 1, 2], np.float32)}
cases = {
    'argmax': (node('ArgMax', ['x'], ['y'], axis=1, keepdims=0), [[3, 7, 7, 1]], {}),
    'argmin': (node('ArgMin', ['x'], ['y'], axis=1, keepdims=0), [[3, 1, 7, 1]], {}),
    'sign': (node('Sign', ['x'], ['y']), [[-2, 0, 0.5]], {}),
    'linear': (node('Resize', ['x', '', 's'], ['y'], mode='linear'), [[[[0, 4, 0, 8]]]], twice),
    'cubic': (node('Resize', ['x', '', 's'], ['y'], mode='cubic'), [[[[0, 4, 0, 8]]]], twice),
}
info = helper.make_tensor_value_info
for name, (operator, x, constants) in cases.items():
    x = np.array(x, np.float32)
    kind = TensorProto.INT64 if name.startswith('arg') else TensorProto.FLOAT
    tensors = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph([operator], 'g', [info('x', TensorProto.FLOAT, x.shape)], [info('y', kind, None)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, f'{name}.onnx')
    session = onnxruntime.InferenceSession(f'{name}.onnx', providers=['CPUExecutionProvider'])
    print(f'ort  {name:6}', session.run(None, {'x': x})[0].ravel().astype(float).round(3).tolist())
PY
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.0.0"
edition = "2024"
[dependencies]
rten = { version = "=0.27.0", default-features = false, features = ["onnx_format"] }
rten-tensor = "=0.27.0"
[profile.dev]
debug = false
TOML
cat > src/main.rs <<'RUST'
use rten::{Model, Value};
use rten_tensor::prelude::*;

fn main() {
    let cases: [(&str, &[usize], &[f32]); 5] = [
        ("argmax", &[1, 4], &[3., 7., 7., 1.]),
        ("argmin", &[1, 4], &[3., 1., 7., 1.]),
        ("sign", &[1, 3], &[-2., 0., 0.5]),
        ("linear", &[1, 1, 1, 4], &[0., 4., 0., 8.]),
        ("cubic", &[1, 1, 1, 4], &[0., 4., 0., 8.]),
    ];
    for (name, shape, x) in cases {
        let model = Model::load_file(format!("{name}.onnx")).unwrap();
        let input = Value::from_shape(shape, x.to_vec()).unwrap();
        let y: Vec<f32> = match model.run_one(input.into(), None).unwrap() {
            Value::Int32Tensor(y) => y.to_vec().into_iter().map(|v| v as f32).collect(),
            Value::FloatTensor(y) => y.to_vec(),
            _ => panic!("another type"),
        };
        println!("rten {name:6} {y:?}");
    }
}
RUST
env/bin/python write.py 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
cargo build --quiet --jobs 1 2>errors.txt || { cat errors.txt; exit 1; }
target/debug/probe | tee --append out.txt
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
ort  argmax [1.0]
ort  argmin [1.0]
ort  sign   [-1.0, 0.0, 1.0]
ort  linear [0.0, 1.0, 3.0, 3.0, 1.0, 2.0, 6.0, 8.0]
ort  cubic  [-0.422, 1.047, 3.516, 3.234, 0.203, 1.391, 6.047, 8.844]
rten argmax [2.0]
rten argmin [3.0]
rten sign   [-1.0, 1.0, 1.0]
rten linear [0.0, 1.0, 3.0, 3.0, 1.0, 2.0, 6.0, 8.0]
rten cubic  [0.0, 1.0, 3.0, 3.0, 1.0, 2.0, 6.0, 8.0]
TXT
diff seen.txt out.txt

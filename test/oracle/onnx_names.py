# /// script
# requires-python = ">=3.10"
# dependencies = ["onnx==1.23.2", "numpy==2.4.6"]
# ///
"""A file whose names are no identifiers, with a weight in a Constant node and one that two nodes read.

    python test/oracle/onnx_names.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parent / "fixtures"


def values(name, *shape):
    count = int(np.prod(shape))
    return numpy_helper.from_array(np.sin(np.arange(1, count + 1)).astype(np.float32).reshape(shape), name)


kernel = helper.make_node("Constant", [], ["dense/kernel:0"], value=values("", 4, 2))
nodes = [
    helper.make_node("MatMul", ["x", "onnx::MatMul_7"], ["a"]),
    helper.make_node("Add", ["a", "__proto__"], ["b"]),
    helper.make_node("Mul", ["b", "norm.scale"], ["c"], name="/first"),
    helper.make_node("Tanh", ["c"], ["d"]),
    helper.make_node("Mul", ["d", "norm.scale"], ["e"], name="/second"),
    kernel,
    helper.make_node("MatMul", ["e", "dense/kernel:0"], ["StatefulPartitionedCall:1"]),
    helper.make_node("Neg", ["StatefulPartitionedCall:1"], ["StatefulPartitionedCall:2"]),
]
weights = [values("onnx::MatMul_7", 3, 4), values("__proto__", 4), values("norm.scale", 4)]
outputs = [
    helper.make_tensor_value_info(f"StatefulPartitionedCall:{k}", TensorProto.FLOAT, ["n", 2]) for k in (1, 2)
]
inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])]
graph = helper.make_graph(nodes, "names", inputs, outputs, weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7)
onnx.checker.check_model(model)
onnx.save(model, FOLDER / "onnx_names.onnx")

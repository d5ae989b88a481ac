# /// script
# requires-python = ">=3.10"
# dependencies = ["onnx==1.23.2", "numpy==2.4.6"]
# ///
"""A file with weights that have no part in what it gives, as exporters leave them: running statistics that a training
normalization moves, and what a node reads that nothing reads.

    python test/oracle/onnx_idle.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, parser

MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
g (float[n, 3] x) => (float[n, 3] y) {
  normal, mean, variance = BatchNormalization<training_mode = 1>(x, scale, bias, running_mean, running_var)
  left = Mul(x, left_behind)
  y = Tanh(normal)
}
"""
model = parser.parse_model(MODEL)
for name in ("scale", "bias", "running_mean", "running_var", "left_behind"):
    model.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), name))
onnx.checker.check_model(model)
onnx.save(model, Path(__file__).parent / "fixtures" / "onnx_idle.onnx")

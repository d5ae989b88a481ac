# /// script
# requires-python = ">=3.10"
# dependencies = ["onnx==1.22.0", "numpy==2.4.6"]
# ///
"""The official cases of single ONNX operators (onnx.backend.test, kind "node"), one JSON object a line.

    python test/oracle/onnx_node_cases.py OUT.jsonl [--max-bytes N] [--operators Abs Add ...]

A line holds the case's name and operator, its model and its inputs and expected outputs as base64 of their protobufs.
The committed subset holds the cases of at most 6000 bytes of the operators that the compiler has; without these options
every case is written, and `DCRC_NODE_CASES=OUT.jsonl npx vitest run test/onnx/node-cases.test.ts` runs all of them.
"""

import argparse
import base64
import json
import warnings
from pathlib import Path

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases


def tensor(value):
    """A TensorProto of an array; None for sequences, optionals and strings, which no tensor of ours holds."""
    if isinstance(value, TensorProto):
        return value
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray) or value.dtype.kind in "OUSM":
        return None
    return numpy_helper.from_array(value)


def encoded(message):
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode()


def cases(operators, most):
    for case in collect_testcases(None):
        nodes = case.model.graph.node
        if len(nodes) != 1 or nodes[0].domain not in ("", "ai.onnx"):
            continue
        if operators and nodes[0].op_type not in operators:
            continue
        for inputs, outputs in case.data_sets:
            given, wanted = [tensor(v) for v in inputs], [tensor(v) for v in outputs]
            if any(t is None for t in given + wanted):
                continue
            line = {
                "name": case.name,
                "operator": nodes[0].op_type,
                "model": encoded(case.model),
                "inputs": [encoded(t) for t in given],
                "outputs": [encoded(t) for t in wanted],
            }
            if most is None or len(json.dumps(line)) * 3 / 4 <= most:
                yield line


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--max-bytes", type=int)
    parser.add_argument("--operators", nargs="*", default=[])
    options = parser.parse_args()
    # Some cases draw random numbers from the global generator.
    np.random.seed(0)
    lines = sorted(cases(set(options.operators), options.max_bytes), key=lambda line: line["name"])
    options.out.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    print(f"{len(lines)} cases, {options.out.stat().st_size} bytes")

# /// script
# requires-python = ">=3.10"
# dependencies = ["onnx==1.23.2", "numpy==2.4.6"]
# ///
"""The official cases of ONNX operators (onnx.backend.test, kind "node"), one JSON object a line.

    python test/oracle/onnx_node_cases.py OUT.jsonl [--max-bytes N] [--operators Abs Add ...]

A line holds the case's name and operator, its model as it is shipped, and its inputs and expected outputs as base64 of
their protobufs; what is no tensor of numbers is null. Cases of functions that are written with other operators
(`..._expanded`) stand under the operator that they expand. `npm run suite:onnx` runs all of them; the committed
selection is what `test/onnx/node-cases-selected.txt` names.
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
    return None if message is None else base64.b64encode(message.SerializeToString(deterministic=True)).decode()


def cases(operators, names, most):
    everything = list(collect_testcases(None))
    operator_of = {case.name: case.model.graph.node[0].op_type for case in everything if "_expanded" not in case.name}
    for case in everything:
        base = case.name.split("_expanded")[0]
        operator = operator_of.get(base, case.model.graph.node[0].op_type)
        if operators and operator not in operators or names and case.name not in names:
            continue
        for k, (inputs, outputs) in enumerate(case.data_sets):
            line = {
                "name": case.name if k == 0 else f"{case.name} {k}",
                "operator": operator,
                "model": encoded(case.model),
                "inputs": [encoded(tensor(v)) for v in inputs],
                "outputs": [encoded(tensor(v)) for v in outputs],
                "rtol": case.rtol,
                "atol": case.atol,
            }
            if most is None or len(json.dumps(line)) * 3 / 4 <= most:
                yield line


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--max-bytes", type=int)
    parser.add_argument("--operators", nargs="*", default=[])
    parser.add_argument("--names", type=Path, help="a file with the names of cases, one a line")
    options = parser.parse_args()
    # Some cases draw random numbers from the global generator.
    np.random.seed(0)
    names = set(options.names.read_text().split()) if options.names else set()
    lines = sorted(cases(set(options.operators), names, options.max_bytes), key=lambda line: line["name"])
    options.out.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    print(f"{len(lines)} cases, {options.out.stat().st_size} bytes")

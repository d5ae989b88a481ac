"""Cases of expressions of the language: arguments, values and gradients by torch, as test/parity/torch-cases.ts reads them."""

import json
import math

import torch
from fixture import FOLDER


def plain(tensor):
    return [x if math.isfinite(x) else str(x) for x in tensor.detach().double().flatten().tolist()]


def case(expression, function, *arguments, derive=True):
    """`expression` in x and y; both are 64-bit floats here, so that no rounding is part of a convention."""
    given = [torch.tensor(a, dtype=torch.float64, requires_grad=derive) for a in arguments]
    value = function(*given)
    entry = {
        "expression": expression,
        "shapes": [list(g.shape) for g in given],
        "arguments": [plain(g) for g in given],
        "shape": list(value.shape),
        "value": plain(value),
    }
    if derive:
        weights = torch.arange(1, value.numel() + 1, dtype=torch.float64).reshape(value.shape)
        (value * weights).sum().backward()
        entry["gradients"] = [plain(g.grad) for g in given]
    return entry


def write_cases(name, cases):
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")) + "\n")
    print(f"{name}: {path.stat().st_size} bytes")

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "safetensors==0.8.0"]
# ///
"""torch.nn.functional.cross_entropy with its settings, in float64: values and gradients."""

import torch
from expression_cases import case, write_cases
from torch.nn.functional import cross_entropy

LOGITS = [[0.5, -1.0, 2.0], [1.5, 0.0, -0.5], [-0.25, 3.0, 1.0], [40.0, -40.0, 0.0]]


def of(labels, weight=None, **settings):
    text = f"cross_entropy(x, constant({labels})"
    if weight:
        text += f", weight = constant({weight})"
    text += "".join(f", {name} = {value}" for name, value in settings.items())
    given = torch.tensor(weight, dtype=torch.float64) if weight else None
    return case(text + ")", lambda x: cross_entropy(x, torch.tensor(labels), weight=given, **settings), LOGITS)


write_cases(
    "cross_entropy",
    [
        of([0, 2, 1, 1]),
        of([0, -100, 1, 2]),
        of([0, 2, 1, 1], ignore_index=1),
        of([0, 2, 1, 1], weight=[1.0, 0.25, 2.0]),
        of([0, 2, 1, 1], label_smoothing=0.1),
        of([0, -100, 1, 2], label_smoothing=0.3),
        of([2, 2, 1, 1], weight=[1.0, 0.25, 2.0], ignore_index=2, label_smoothing=0.2),
        case("cross_entropy(x, constant([-100, -100]))", lambda x: cross_entropy(x, torch.tensor([-100, -100])), [[1.0, 2.0], [3.0, 4.0]], derive=False),
    ],
)

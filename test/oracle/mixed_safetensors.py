"""A safetensors file of mixed types, written by the safetensors package.

    python test/oracle/mixed_safetensors.py

safetensors 0.8.0, torch 2.9.1. Writes test/oracle/fixtures/mixed.safetensors; its values are known by formula.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

save_file(
    {
        "layer.0.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
        "layer.0.half": torch.arange(5, dtype=torch.float16) - 2,
        "layer.0.brain": torch.arange(3, dtype=torch.bfloat16) * 3,
        "ids": torch.arange(4, dtype=torch.int64) * 2**40,
        "mask": torch.tensor([True, False, True]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 4),
        "short": torch.tensor([7], dtype=torch.int16),
    },
    Path(__file__).parent / "fixtures" / "mixed.safetensors",
    metadata={"format": "pt", "note": "é"},
)

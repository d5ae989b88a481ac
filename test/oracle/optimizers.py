# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""Twenty steps of torch's optimizers on a small regression, in float64: state, gradient norm and rate after each."""

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from fixture import write

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
STEPS, ROWS = 20, 5

CASES = [
    {"name": "sgd", "optimizer": "sgd", "settings": {"lr": 0.5}, "clip": None, "accumulate": 1, "cosine": False},
    {"name": "sgd with momentum, decay and clipping", "optimizer": "sgd",
     "settings": {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.03}, "clip": 0.3, "accumulate": 1, "cosine": False},
    {"name": "adamw", "optimizer": "adamw",
     "settings": {"lr": 0.02, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01},
     "clip": None, "accumulate": 1, "cosine": False},
    {"name": "adamw without decay, with a large eps", "optimizer": "adamw",
     "settings": {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-2, "weight_decay": 0.0},
     "clip": None, "accumulate": 1, "cosine": False},
    {"name": "adamw over three micro-batches, clipped, on a cosine", "optimizer": "adamw",
     "settings": {"lr": 0.05, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.2},
     "clip": 0.1, "accumulate": 3, "cosine": True},
]


def short(*shape):
    """Random values with few digits, to keep the file small."""
    return torch.randn(*shape).mul(1000).round().div(1000)


def train(case):
    w = torch.randn(4, 3, requires_grad=True)
    bias = torch.randn(3, requires_grad=True)
    start = {"w": w.detach().flatten().tolist(), "b": bias.detach().flatten().tolist()}
    make = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[case["optimizer"]]
    optimizer = make([w, bias], **case["settings"])
    schedule = CosineAnnealingLR(optimizer, STEPS) if case["cosine"] else None
    steps = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        batches = []
        for _ in range(case["accumulate"]):
            x, y = short(ROWS, 4), short(ROWS, 3)
            loss = ((torch.tanh(x @ w + bias) - y) ** 2).mean()
            (loss / case["accumulate"]).backward()
            batches.append({"x": x.flatten().tolist(), "y": y.flatten().tolist(), "loss": loss.item()})
        limit = float("inf") if case["clip"] is None else case["clip"]
        norm = torch.nn.utils.clip_grad_norm_([w, bias], limit)
        rate = optimizer.param_groups[0]["lr"]
        optimizer.step()
        if schedule:
            schedule.step()
        steps.append({"batches": batches, "norm": norm.item(), "lr": rate,
                      "w": w.detach().flatten().tolist(), "b": bias.detach().flatten().tolist()})
    return {**case, "start": start, "steps": steps}


write("optimizers", {"rows": ROWS, "cases": [train(c) for c in CASES]})

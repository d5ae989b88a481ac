# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""Ten steps of AdamW on a contrastive loss of two towers over 12 pairs at once, in float64."""

import torch
import torch.nn.functional as F

from fixture import write

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
STEPS, ROWS, WIDTH, OUT, TAU = 10, 12, 3, 4, 0.2


def short(*shape):
    """Random values with few digits, to keep the file small."""
    return torch.randn(*shape).mul(100).round().div(100)


towers = {name: torch.nn.Linear(WIDTH, OUT) for name in ("left", "right")}
parameters = {f"{name}/{path}": p for name, tower in towers.items() for path, p in tower.named_parameters()}
for p in parameters.values():
    p.data = short(*p.shape)
start = {key: p.detach().flatten().tolist() for key, p in parameters.items()}
optimizer = torch.optim.AdamW(parameters.values(), lr=0.05, weight_decay=0.1)
steps = []
for _ in range(STEPS):
    x, y = short(ROWS, WIDTH), short(ROWS, WIDTH)
    a = F.normalize(torch.tanh(towers["left"](x)), dim=-1)
    b = F.normalize(towers["right"](y), dim=-1)
    logits = a @ b.T / TAU
    labels = torch.arange(ROWS)
    loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
    optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), 0.5)
    optimizer.step()
    steps.append({"x": x.flatten().tolist(), "y": y.flatten().tolist(), "loss": loss.item(), "norm": norm.item()})
end = {key: p.detach().flatten().tolist() for key, p in parameters.items()}
write("exact_accumulation", {"rows": ROWS, "start": start, "steps": steps, "end": end})

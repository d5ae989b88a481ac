"""Writes what an oracle computed: tensors as safetensors (float32), numbers and settings as JSON beside them."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).parent / "fixtures"


def write(name, facts, tensors=None):
    """`tensors` are computed in float64 and kept in float32; integers stay int64."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")
    if tensors is not None:
        kept = {
            key: (value if value.dtype == torch.int64 else value.float()).detach().clone().contiguous()
            for key, value in tensors.items()
        }
        save_file(kept, FOLDER / f"{name}.safetensors")
    size = sum(path.stat().st_size for path in FOLDER.glob(f"{name}.*"))
    assert size < 2_000_000, f"{name}: {size} bytes"
    print(f"{name}: {size} bytes")


def named(prefix, pairs):
    """`prefix/<name>` for every (name, tensor)."""
    return {f"{prefix}/{name}": value for name, value in pairs}


def weights(prefix, module):
    return named(prefix, ((name, p.detach().clone()) for name, p in module.named_parameters()))


def gradients(prefix, module):
    """Of the parameters that have one; a parameter that the loss does not reach has none."""
    return named(prefix, ((name, p.grad.clone()) for name, p in module.named_parameters() if p.grad is not None))


def rounded(module):
    """Initial weights that float32 holds exactly, computed with in float64."""
    return module.float().double()


def random_start(module):
    """Biases and norms away from 0 and 1, so that a wrong one shows."""
    with torch.no_grad():
        for name, p in module.named_parameters():
            if p.ndim == 1:
                p.add_(0.1 * torch.randn_like(p))
    return rounded(module)


def train(module, loss, steps, **settings):
    """AdamW on one loss; gives the losses before each step and the first gradients."""
    optimizer = torch.optim.AdamW(module.parameters(), **settings)
    losses = []
    first = None
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        if first is None:
            first = gradients("gradient", module)
        losses.append(value.item())
        optimizer.step()
    return losses, first

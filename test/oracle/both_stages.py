# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "peft==0.21.2"]
# ///
"""The two stages that most methods have, by torch's AdamW: parts of a run are trained under its frozen tower, then, these
frozen, peft's LoRA over the tower.
"""

import functools

import torch

from adapters import Adapter
from runs import stage_tensors, train

RANK, DROPOUT = 2, 0.1


def both_stages(run, parts, stages, micros, steps):
    """Trains `parts` of a run, by name, then an adapter; gives the facts and what the fixture keeps.

    `run.loss_of(stage, step, micro)` is minimised. `stages` are both by name, each with learning rate, greatest norm of
    the gradient and AdamW's eps.
    """
    modules = [(part, getattr(run, part)) for part in parts]
    facts, tensors = {}, {}
    for stage, (lr, clip_norm, eps) in stages.items():
        if not facts:
            trained = [(f"{part}.{key}", p) for part, module in modules for key, p in module.named_parameters()]
        else:
            for _, module in modules:
                module.requires_grad_(False)
            run.adapter = Adapter(run.seed, run.clip, RANK, DROPOUT, run.tower)
            trained = run.adapter.trained()
        optimizer = torch.optim.AdamW([p for _, p in trained], lr=lr, betas=(0.9, 0.999), eps=eps, weight_decay=0.01)
        loss_of = functools.partial(run.loss_of, stage)
        facts[stage], first, end = train(trained, optimizer, loss_of, steps, micros, clip_norm=clip_norm)
        tensors |= stage_tensors(stage, first, end)
    run.adapter.check()
    return {"seed": run.seed, **facts}, tensors

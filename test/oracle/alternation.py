# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""WGAN-GP (Gulrajani et al. 2017, algorithm 1) in float64: ten rounds of five steps of the critic, whose gradients are
clipped, and one of the generator, which accumulates two micro-batches. The generator has a batch normalization, whose
averages move whenever it is called, as PyTorch's do in training."""

import torch
from torch import nn
from torch.nn import functional as F

from fixture import gradients, rounded, write

ROUNDS, TIMES, MICRO = 10, 5, 2
OPTIMIZER = {"lr": 0.01, "betas": (0.0, 0.9), "eps": 1e-3, "weight_decay": 0.0}


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.first(x)))[:, 0]


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 6, bias=False)
        self.norm = nn.BatchNorm1d(6)
        self.out = nn.Linear(6, 4)

    def forward(self, z):
        return self.out(F.leaky_relu(self.norm(self.first(z)), 0.2))


def start(module):
    with torch.no_grad():
        for p in module.parameters():
            if p.ndim == 1:
                p.add_(0.1 * torch.randn_like(p))
    return rounded(module).train()


def held(prefix, **modules):
    return {
        f"{prefix}/{name}.{key}": value.detach().clone()
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }


torch.manual_seed(5)
critic, generator = start(Critic()), start(Generator())
begin = held("start", critic=critic, generator=generator)
real = torch.randn(ROUNDS * TIMES, 6, 4).float().double()
alpha = torch.rand(ROUNDS * TIMES, 6, 1).float().double()
noise = torch.randn(ROUNDS * TIMES, 6, 3).float().double()
more = torch.randn(ROUNDS * MICRO, 6, 3).float().double()

of_critic = torch.optim.AdamW(critic.parameters(), **OPTIMIZER)
of_generator = torch.optim.AdamW(generator.parameters(), **OPTIMIZER)
losses, norms, first = [], [], {}
averages = {name: p.detach().clone() for name, p in generator.named_parameters()}
for round_ in range(ROUNDS):
    for k in range(round_ * TIMES, (round_ + 1) * TIMES):
        drawn = generator(noise[k]).detach()
        between = (alpha[k] * real[k] + (1 - alpha[k]) * drawn).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
        loss = critic(drawn).mean() - critic(real[k]).mean() + 10 * penalty
        of_critic.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(critic.parameters(), 0.5).item())
        first = first or gradients("gradient/critic", critic)
        losses.append(loss.item())
        of_critic.step()
    of_generator.zero_grad()
    total = 0.0
    for m in range(round_ * MICRO, (round_ + 1) * MICRO):
        loss = -critic(generator(more[m])).mean() / MICRO
        loss.backward()
        total += loss.item()
    if round_ == 0:
        first |= gradients("gradient/generator", generator)
    norms.append(sum((p.grad**2).sum() for p in generator.parameters()).sqrt().item())
    losses.append(total)
    of_generator.step()
    with torch.no_grad():
        for name, p in generator.named_parameters():
            averages[name] = 0.9 * averages[name] + 0.1 * p

write(
    "alternation",
    {"losses": losses, "grad_norms": norms},
    {
        **begin, **first, **held("end", critic=critic, generator=generator),
        **{f"average/generator.{name}": value for name, value in averages.items()},
        "input/critic/real": real, "input/critic/alpha": alpha, "input/critic/noise": noise,
        "input/generator/noise": more,
    },
)

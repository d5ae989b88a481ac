# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""A critic under a gradient penalty (Gulrajani et al. 2017, equation 3): convolution, normalisation, GELU, two linear
layers; loss, gradients and 20 AdamW steps, in float64. The gradient of the penalty is of second order."""

import torch
from torch import nn

from fixture import random_start, train, weights, write

OPTIMIZER = {"lr": 0.005, "betas": (0.9, 0.999), "eps": 1e-5, "weight_decay": 0.01}
STEPS = 20


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = nn.LayerNorm(36)
        self.hidden = nn.Linear(36, 8)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        h = self.norm(torch.tanh(self.conv(x)).flatten(1))
        return self.out(nn.functional.gelu(self.hidden(h)))[:, 0]


torch.manual_seed(4)
critic = random_start(Critic())
real, fake = torch.randn(4, 3, 6, 6).double(), torch.randn(4, 3, 6, 6).double()
share = torch.rand(4).double()


def loss():
    between = (share[:, None, None, None] * real + (1 - share[:, None, None, None]) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    return critic(fake).mean() - critic(real).mean() + 10 * penalty


start = weights("start", critic)
losses, first = train(critic, loss, STEPS, **OPTIMIZER)
write(
    "gradient_penalty",
    {"what": "critic with a gradient penalty", "optimizer": OPTIMIZER, "losses": losses},
    {"input/real": real, "input/fake": fake, "input/share": share, **start, **first, **weights("end", critic)},
)

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""What is carried from step to step, in float64, ten AdamW steps each: batch normalization over two views and in
micro-batches, a momentum encoder with a queue (MoCo), a centred teacher (DINO), a teacher whose projections are
predicted (BYOL), a network that is called frozen, dropout and stochastic depth."""

import copy
import sys

import torch
from torch import nn
from torch.nn import functional as F

from fixture import gradients, rounded, write
from squares import kept

STEPS = 10
OPTIMIZER = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-5, "weight_decay": 0.01}


class ConvNet(nn.Module):
    """Pictures [n, 2, 4, 4]: both batch normalizations in a row."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, bias=False)  # a bias before a normalization gets no gradient but rounding
        self.bn = nn.BatchNorm2d(3)
        self.hidden = nn.Linear(12, 4, bias=False)
        self.norm = nn.BatchNorm1d(4, momentum=0.3)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        h = torch.relu(self.bn(self.conv(x))).flatten(1)
        return self.out(torch.tanh(self.norm(self.hidden(h))))


class Mlp(nn.Module):
    def __init__(self, wide=6):
        super().__init__()
        self.first = nn.Linear(4, wide, bias=False)
        self.norm = nn.BatchNorm1d(wide)
        self.out = nn.Linear(wide, 3)

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.first(x))))


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.out = nn.Linear(6, 5)

    def forward(self, x):
        return self.out(F.gelu(self.first(x)))


class Online(Mlp):
    """BYOL's encoder and projection, and the predictor that the teacher has no use for."""

    def __init__(self):
        super().__init__()
        self.predict = nn.Linear(3, 3)

    def online(self, x):
        return self.predict(self(x))


class Back(Mlp):
    def __init__(self):
        super().__init__()
        self.back = nn.Linear(3, 4)


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.out = nn.Linear(6, 3)

    def forward(self, x, masks):
        h = torch.tanh(self.first(x))
        h = torch.where(masks[0], h, 0.0) / 0.75
        return self.out(h) + x[:, :3] * (masks[1].to(x) / 0.5)[:, None]


def start(module):
    """Weights of all kinds away from 0 and 1."""
    with torch.no_grad():
        for p in module.parameters():
            if p.ndim == 1:
                p.add_(0.1 * torch.randn_like(p))
    return rounded(module).train()


def held(prefix, **modules):
    """Parameters and buffers as they are."""
    return {
        f"{prefix}/{name}.{key}": value.detach().clone()
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }


def run(name, net, step, *, micro=1, after=lambda k: None, tensors, begin, end):
    """`step(k, m)` is the loss of a micro-batch of step k; what `after` makes reads updated parameters."""
    optimizer = torch.optim.AdamW(net.parameters(), **OPTIMIZER)
    first = None
    losses = []
    for k in range(STEPS):
        optimizer.zero_grad()
        total = 0.0
        for m in range(micro):
            loss = step(k, m) / micro
            loss.backward()
            total += loss.item()
        first = first or gradients("gradient", net)
        losses.append(total)
        optimizer.step()
        with torch.no_grad():
            after(k)
    write(f"states_{name}", {"losses": losses}, {**tensors, **begin, **first, **end()})


def draws(*shape):
    return torch.randn(STEPS, *shape).float().double()


def batch_norm():
    net = start(ConvNet())
    one, two, goal = draws(4, 2, 4, 4), draws(4, 2, 4, 4), draws(4, 3)
    shown = torch.randn(3, 2, 4, 4).float().double()

    def step(k, _):
        return F.mse_loss(net(one[k]), goal[k]) + 0.5 * F.mse_loss(net(two[k]), goal[k])

    def end():
        net.eval()
        return {**held("end", net=net), "shown": net(shown)}

    run(
        "batch_norm", net, step, begin=held("start", net=net), end=end,
        tensors={"input/one": one, "input/two": two, "input/goal": goal, "input/shown": shown},
    )


def micro_batches():
    net = start(Mlp())
    x, goal = draws(2, 5, 4), draws(2, 5, 3)
    run(
        "micro_batches", net, lambda k, m: F.mse_loss(net(x[k, m]), goal[k, m]), micro=2,
        tensors={"input/x": x, "input/goal": goal}, begin=held("start", net=net), end=lambda: held("end", net=net),
    )


def blend(teacher, net, momentum):
    """Parameters and float buffers; counts are copied."""
    for (_, old), (_, new) in zip(teacher.state_dict().items(), net.state_dict().items()):
        old.copy_(momentum * old + (1 - momentum) * new if old.is_floating_point() else new)


def moco():
    net = start(Mlp())
    teacher = copy.deepcopy(net)
    state = {"queue": torch.randn(8, 3).float().double()}
    one, two = draws(4, 4), draws(4, 4)
    tau = 0.2

    def step(k, _):
        q = F.normalize(net(one[k]), dim=1)
        with torch.no_grad():
            state["keys"] = F.normalize(teacher(two[k]), dim=1)
        near = (q * state["keys"]).sum(1, keepdim=True)
        logits = torch.cat([near, q @ F.normalize(state["queue"], dim=1).T], dim=1) / tau
        return F.cross_entropy(logits, torch.zeros(4, dtype=torch.int64))

    def after(_):
        state["queue"] = torch.cat([state["queue"][4:], state["keys"]])
        blend(teacher, net, 0.9)

    begin = {**held("start", net=net, teacher=teacher), "start/queue.queue": state["queue"].clone()}
    run(
        "moco", net, step, after=after, begin=begin, tensors={"input/one": one, "input/two": two},
        end=lambda: {**held("end", net=net, teacher=teacher), "end/queue.queue": state["queue"]},
    )


def dino():
    net = start(Student())
    teacher = copy.deepcopy(net)
    state = {"centre": torch.zeros(5).double(), "turn": 0.0}
    one, two = draws(4, 4), draws(4, 4)

    def cross(t, s):
        return -(F.softmax((t - state["centre"]) / 0.3, dim=-1) * F.log_softmax(s / 0.5, dim=-1)).sum(1).mean()

    def step(k, _):
        with torch.no_grad():
            t = [teacher(one[k]), teacher(two[k])]
        s = [net(one[k]), net(two[k])]
        state["seen"] = torch.cat(t).mean(0)
        return 0.5 * (cross(t[0], s[1]) + cross(t[1], s[0]))

    def after(_):
        momentum = 1 - 0.2 * (torch.cos(torch.tensor(torch.pi * state["turn"] / 10).double()) + 1) / 2
        blend(teacher, net, momentum)
        state["centre"] = 0.9 * state["centre"] + 0.1 * state["seen"]
        state["turn"] += 1.0

    def all_states(prefix):
        return {
            **held(prefix, net=net, teacher=teacher),
            f"{prefix}/centre.centre": state["centre"].clone(),
            f"{prefix}/turn.turn": torch.tensor(state["turn"]).double(),
        }

    run(
        "dino", net, step, after=after, begin=all_states("start"), tensors={"input/one": one, "input/two": two},
        end=lambda: all_states("end"),
    )


def byol():
    net = start(Online())
    teacher = copy.deepcopy(net)
    one, two = draws(4, 4), draws(4, 4)

    def step(k, _):
        p = [net.online(one[k]), net.online(two[k])]
        with torch.no_grad():
            t = [teacher(two[k]), teacher(one[k])]
        return 4 - 2 * F.cosine_similarity(p[0], t[0]).mean() - 2 * F.cosine_similarity(p[1], t[1]).mean()

    run(
        "byol", net, step, after=lambda _: blend(teacher, net, 0.9), begin=held("start", net=net, teacher=teacher),
        tensors={"input/one": one, "input/two": two}, end=lambda: held("end", net=net, teacher=teacher),
    )


def frozen():
    """What the network makes of a picture goes back in and through it once more, this time as it is in evaluation."""
    net = start(Back())
    x, goal = draws(5, 4), draws(5, 3)

    def settled(y):
        net.eval()
        result = torch.func.functional_call(net, {k: v.detach() for k, v in net.named_parameters()}, (y,))
        net.train()
        return result

    def step(k, _):
        y = net(x[k])
        return F.mse_loss(y, goal[k]) + 0.3 * (settled(net.back(y)) ** 2).mean()

    run(
        "frozen", net, step, begin=held("start", net=net), end=lambda: held("end", net=net),
        tensors={"input/x": x, "input/goal": goal},
    )


def dropout():
    net = start(Dropping())
    x, goal = draws(5, 4), draws(5, 3)
    keys = torch.randint(0, 2**32, (STEPS, 2, 2))

    def step(k, _):
        masks = [kept(keys[k, 0], (5, 6), 0.25), kept(keys[k, 1], (5,), 0.5)]
        return F.mse_loss(net(x[k], masks), goal[k])

    run(
        "dropout", net, step, begin=held("start", net=net), end=lambda: held("end", net=net),
        tensors={"input/x": x, "input/goal": goal, "input/dropout": keys[:, 0].contiguous(), "input/path": keys[:, 1].contiguous()},
    )


torch.manual_seed(11)
for case in (batch_norm, micro_batches, moco, dino, dropout, byol, frozen):
    if case.__name__ in sys.argv[1:] or len(sys.argv) == 1:
        case()

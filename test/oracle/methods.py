# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""Small pieces of the methods that are compared: unCLIP's noised embeddings, betas, a contrastive loss, resizing."""

import torch
from diffusers import DDPMScheduler
from diffusers.models.embeddings import get_timestep_embedding

from fixture import write


def unclip():
    torch.manual_seed(21)
    z, n = torch.randn(3, 6), torch.randn(3, 6)
    mean, std = torch.randn(1, 6), torch.rand(1, 6) + 0.5
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    levels = {}
    for level in (0, 137):
        t = torch.tensor([level] * 3)
        noised = scheduler.add_noise((z - mean) / std, n, t) * std + mean
        labels = torch.cat([noised, get_timestep_embedding(t, 6, flip_sin_to_cos=True, downscale_freq_shift=0)], 1)
        levels[str(level)] = labels.tolist()
    times = [0, 1, 499, 998, 999]
    return {
        "z": z.tolist(), "n": n.tolist(), "mean": mean.tolist(), "std": std.tolist(), "labels": levels,
        "betas": {str(t): scheduler.betas[t].item() for t in times},
    }


def anchored():
    """Cross-entropy whose classes are: the own augmented view, then all other pictures."""
    torch.manual_seed(22)
    z, plus = torch.randn(5, 4).double().requires_grad_(), torch.randn(5, 4).double().requires_grad_()
    tau = 0.2
    similar = torch.nn.functional.cosine_similarity
    losses = []
    for i in range(5):
        others = [similar(z[i], z[j], dim=0) for j in range(5) if j != i]
        logits = torch.stack([similar(z[i], plus[i], dim=0), *others]) / tau
        losses.append(torch.nn.functional.cross_entropy(logits, torch.tensor(0)))
    loss = torch.stack(losses).mean()
    g, g_plus = torch.autograd.grad(loss, [z, plus])
    return {
        "tau": tau, "z": z.tolist(), "z_plus": plus.tolist(), "loss": loss.item(), "grad_z": g.tolist(),
        "grad_z_plus": g_plus.tolist(),
    }


def dcr_in_bf16(n, d, near):
    """Eq. 12 in bf16 throughout, as the published code computes it: cosines, exponentials that are not shifted,
    logarithms. `near` mixes the target into all predictions, so that cosines are as after some training."""
    target = torch.randn(n, d)
    pairs = torch.randn(n, n, d) + near * target[:, None]
    positive = torch.randn(n, d) + near * target
    given = [x.bfloat16().requires_grad_() for x in (pairs, positive, target)]
    e, e_plus, goal = given
    tau = 0.1
    similar = torch.nn.functional.cosine_similarity
    anchor = e.diagonal(dim1=0, dim2=1).T
    d_plus = torch.exp(similar(anchor, e_plus, dim=-1) / tau)
    d_goal = torch.exp(similar(anchor, goal, dim=-1) / tau)
    d_all = torch.exp(similar(anchor[:, None].expand_as(e), e, dim=-1) / tau)
    others = torch.stack([torch.cat([d_all[i, :i], d_all[i, i + 1 :]]) for i in range(n)]).sum(1)
    total = d_plus + d_goal + others
    loss = (-0.5 * (torch.log(d_plus / total) + torch.log(d_goal / total))).mean()
    assert loss.dtype == torch.bfloat16
    g = torch.autograd.grad(loss, given)
    return {
        "tau": tau, "loss": loss.item(),
        **{key: x.float().tolist() for key, x in zip(("pairs", "positive", "target"), given)},
        "grad_pairs": g[0].float().tolist(),
    }


def resized():
    torch.manual_seed(23)
    x = torch.rand(2, 3, 7, 5).double()
    y = torch.nn.functional.interpolate(x, size=(4, 6), mode="bilinear", align_corners=False, antialias=False)
    return {"x": x.tolist(), "y": y.tolist()}


def pooled():
    """DIVA's means of neighbouring tokens, of which some are left over at the end."""
    torch.manual_seed(25)
    x = torch.randn(2, 8, 3).double()
    y = torch.nn.functional.avg_pool1d(x.transpose(1, 2), kernel_size=3, stride=3).transpose(1, 2)
    return {"x": x.tolist(), "y": y.tolist()}


if __name__ == "__main__":
    torch.manual_seed(24)
    in_bf16 = [dcr_in_bf16(n, d, near) for n, d, near in ((2, 9, 0.0), (3, 12, 0.5), (4, 12, 1.0), (5, 9, 3.0), (4, 30, 0.7))]
    write("methods", {"unclip": unclip(), "anchored": anchored(), "resized": resized(), "dcr_in_bf16": in_bf16, "pooled": pooled()})

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""The models and losses of a DCR step in plain PyTorch; parameter names as in std. Source: methods of the DCR paper."""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig
from diffusers import UNet2DConditionModel


class Projector(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.norm = nn.LayerNorm(d_in)
        self.fc1 = nn.Linear(d_in, d_out)
        self.fc2 = nn.Linear(d_out, d_out)

    def forward(self, z):
        return self.fc2(F.gelu(self.fc1(self.norm(z))))


def make_clip(vision, text, projection_dim):
    text = CLIPTextConfig(**text, pad_token_id=0)
    vision = CLIPVisionConfig(**vision)
    return CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=projection_dim))


def image_features(clip, x):
    return clip.visual_projection(clip.vision_model(pixel_values=x).pooler_output)


def text_features(clip, ids):
    return clip.text_projection(clip.text_model(input_ids=ids).pooler_output)


def make_unet(**settings):
    return UNet2DConditionModel(**settings)


def alphas_cumprod(start=0.00085, end=0.012, steps=1000):
    return torch.cumprod(1 - torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2, 0)


def noised(latent, eps, t):
    """The noisy picture and its velocity."""
    a = alphas_cumprod().to(latent.dtype)[t][:, None, None, None]
    return a.sqrt() * latent + (1 - a).sqrt() * eps, a.sqrt() * eps - (1 - a).sqrt() * latent


def dcr_loss(pairs, positive, target, tau):
    """Eq. 12 as two logarithms, by row."""
    n = len(pairs)
    total = 0
    for i in range(n):
        anchor = pairs[i, i].flatten()

        def sim(other):
            return F.cosine_similarity(anchor, other.flatten(), dim=0) / tau

        s_positive, s_target = sim(positive[i]), sim(target[i])
        others = [sim(pairs[i, j]) for j in range(n) if j != i]
        everything = torch.logsumexp(torch.stack([s_positive, s_target, *others]), 0)
        total = total - 0.5 * ((s_positive - everything) + (s_target - everything))
    return total / n


def dcr_loss_batched(pairs, positive, target, tau):
    """The same without loops, for timing."""
    n = len(pairs)
    e = pairs.flatten(2)
    anchor = e.diagonal(dim1=0, dim2=1).T
    s_positive = F.cosine_similarity(anchor, positive.flatten(1)) / tau
    s_target = F.cosine_similarity(anchor, target.flatten(1)) / tau
    s = F.cosine_similarity(anchor[:, None], e, dim=2) / tau
    s = s.masked_fill(torch.eye(n, dtype=torch.bool), float("-inf"))
    everything = torch.logsumexp(torch.cat([s_positive[:, None], s_target[:, None], s], 1), 1)
    return (everything - 0.5 * (s_positive + s_target)).mean()


def two_views(z, z_plus, tau):
    """Eq. 7 with two views: cross-entropy against the other view."""
    n = len(z)
    rows = F.normalize(torch.cat([z, z_plus]))
    s = (rows @ rows.T / tau).masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    return F.cross_entropy(s, (torch.arange(2 * n) + n) % (2 * n))


def pairs_of(unet, noisy, t, condition):
    """All predictions [n, n, ...]: the noisy picture of row i under the condition of row j."""
    n = len(noisy)
    tiled = condition.repeat(n, 1, 1)
    out = unet(noisy.repeat_interleave(n, 0), t.repeat_interleave(n, 0), tiled).sample
    return out.reshape(n, n, *out.shape[1:])

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""Times training steps of the quickstart in eager PyTorch on the CPU: forward, backward, clipping, AdamW.

    python test/bench/pytorch_step.py --step dcr --repeats 20

Prints one JSON object: seconds of the fastest and the median step, FLOPs of the matrix products and convolutions of a
step, resident memory before and at its peak, and a 1024-cubed float32 matrix product of the same process. The sizes are
those of pipelines/quickstart/models.dcr; what a compiler can take out of the step by itself (the reading of the empty
caption) is taken out here by hand.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent.parent / "oracle"))
from dcr import (  # noqa: E402
    Projector, dcr_loss_batched, image_features, make_clip, make_unet, pairs_of, text_features, two_views,
)

VOCABULARY = 1418
VISION = {
    "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4, "image_size": 32,
    "patch_size": 8,
}
TEXT = {
    "vocab_size": VOCABULARY, "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 8, "bos_token_id": VOCABULARY - 2, "eos_token_id": VOCABULARY - 1,
}
UNET = {
    "in_channels": 12, "out_channels": 12, "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"], "block_out_channels": [16, 32, 48],
    "layers_per_block": 1, "cross_attention_dim": 128, "attention_head_dim": [1, 2, 3], "norm_num_groups": 8,
    "use_linear_projection": True,
}
TAU = 0.1


def augment(x):
    """std.augment's paper_augment without flips, for a batch: the same operations."""
    n, _, h, w = x.shape
    u = lambda low, high, *shape: torch.empty(n, *shape).uniform_(low, high)  # noqa: E731
    grey = lambda y: (y * torch.tensor([0.2989, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)  # noqa: E731
    x = (x * u(0.9, 1.1, 1, 1, 1)).clamp(0, 1)
    f = u(0.9, 1.1, 1, 1, 1)
    x = (x * f + grey(x).mean((2, 3), keepdim=True) * (1 - f)).clamp(0, 1)
    f = u(0.9, 1.1, 1, 1, 1)
    x = (x * f + grey(x) * (1 - f)).clamp(0, 1)
    r, g, b = x.split(1, 1)
    value = x.amax(1, keepdim=True)
    chroma = value - x.amin(1, keepdim=True)
    over = 1 / torch.where(chroma > 0, chroma, 1.0)
    red = (g - b) * over
    sixths = torch.where(value == r, torch.where(red < 0, red + 6, red), torch.where(value == g, (b - r) * over + 2, (r - g) * over + 4))
    k = (torch.tensor([5.0, 3.0, 1.0])[:, None, None] + sixths + 6 * u(-0.05, 0.05, 1, 1, 1)) % 6
    x = value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)
    side, stretch = u(0.9, 1.0).sqrt(), (0.5 * u(-0.10536, 0.09531)).exp()
    width, height = (side * stretch).clamp(max=1), (side / stretch).clamp(max=1)

    def resampling(length, size):
        start = (1 - length) * u(0, 1)
        at = (start[:, None] * size + length[:, None] * (torch.arange(size) + 0.5) - 0.5).clamp(0, size - 1)
        return (1 - (at[:, :, None] - torch.arange(size)).abs()).clamp(min=0)

    return resampling(height, h)[:, None] @ x @ resampling(width, w).transpose(1, 2)[:, None]


ALPHAS = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0).float()


def noised(latent, eps, t):
    """The noisy picture and its velocity, by linear betas."""
    a = ALPHAS[t][:, None, None, None]
    return a.sqrt() * latent + (1 - a).sqrt() * eps, a.sqrt() * eps - (1 - a).sqrt() * latent


def velocity_of(clean, noisy, t):
    """The velocity that leads from a noisy picture to this clean one; times may be those of rows of pictures."""
    a = ALPHAS[t].reshape(-1, *[1] * (clean.dim() - 1))
    return (a.sqrt() * noisy - clean) / (1 - a).sqrt()


class Bench:
    def __init__(self):
        torch.manual_seed(0)
        self.clip = make_clip(VISION, TEXT, 64).eval()
        self.unet = make_unet(**UNET).eval()
        self.proj = Projector(64, 128)
        self.text = make_clip(VISION, TEXT, 64).eval().text_model
        for model in (self.clip, self.unet, self.proj, self.text):
            model.requires_grad_(False)
        empty = torch.tensor([[VOCABULARY - 2, VOCABULARY - 1] + [0] * 6])
        self.prompt = self.text(input_ids=empty).last_hidden_state

    def train(self, *modules):
        for module in modules:
            module.requires_grad_(True)
        self.trained = [p for module in modules for p in module.parameters()]
        self.optimizer = torch.optim.AdamW(self.trained, lr=5e-5, weight_decay=0.01)

    def update(self, loss):
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        return loss.item()

    def dcr_values(self, n):
        image = torch.rand(n, 3, 32, 32)
        latent = F.pixel_unshuffle(2 * image - 1, 2)
        t = torch.randint(400, 1000, (n,))
        noisy, goal = noised(latent, torch.randn_like(latent), t)
        z = image_features(self.clip, (image - 0.5) / 0.5)
        z_plus = image_features(self.clip, (augment(image) - 0.5) / 0.5)
        return noisy, t, goal, z, z_plus

    def dcr(self, n):
        noisy, t, goal, z, z_plus = self.dcr_values(n)
        clean = pairs_of(self.unet, noisy, t, self.proj(z)[:, None] + self.prompt)
        pairs = velocity_of(clean, noisy[:, None], t)
        positive = velocity_of(self.unet(noisy, t, self.proj(z_plus)[:, None] + self.prompt).sample, noisy, t)
        return self.update(dcr_loss_batched(pairs, positive, goal, TAU))

    def naive(self, n):
        noisy, t, goal, z, z_plus = self.dcr_values(n)
        drawn = velocity_of(self.unet(noisy, t, self.proj(z)[:, None] + self.prompt).sample, noisy, t)
        return self.update(two_views(z, z_plus, TAU) + F.mse_loss(drawn, goal))

    def captions(self, n):
        ids = torch.randint(2, VOCABULARY - 2, (n, 8))
        ids[:, 0], ids[:, 5], ids[:, 6:] = VOCABULARY - 2, VOCABULARY - 1, 0
        return ids

    def clip_step(self, n):
        image = image_features(self.clip, (augment(torch.rand(n, 3, 32, 32)) - 0.5) / 0.5)
        text = text_features(self.clip, self.captions(n))
        logits = F.normalize(image) @ F.normalize(text).T * self.clip.logit_scale.exp()
        own = torch.arange(n)
        return self.update(0.5 * (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)))

    def generate(self, n):
        latent = F.pixel_unshuffle(2 * torch.rand(n, 3, 32, 32) - 1, 2)
        t = torch.randint(0, 1000, (n,))
        noisy, _ = noised(latent, torch.randn_like(latent), t)
        condition = self.text(input_ids=self.captions(n)).last_hidden_state
        weight = (1 / (1 - ALPHAS[t])).clamp(max=5)[:, None, None, None]
        return self.update((weight * (self.unet(noisy, t, condition).sample - latent) ** 2).mean())


def build(step):
    bench = Bench()
    clip, unet, proj = bench.clip, bench.unet, bench.proj
    match step:
        case "dcr":
            bench.train(clip.vision_model, clip.visual_projection)
            return lambda: bench.dcr(8)
        case "dcr_align":
            bench.train(proj)
            return lambda: bench.dcr(8)
        case "naive":
            bench.train(clip.vision_model, clip.visual_projection)
            return lambda: bench.naive(8)
        case "clip":
            bench.train(clip)
            return lambda: bench.clip_step(128)
        case "generate":
            bench.train(unet)
            return lambda: bench.generate(64)


def resident():
    """Bytes of memory of this process now, and the largest so far."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def fastest(run, repeats):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--step", choices=["dcr", "dcr_align", "naive", "clip", "generate"], default="dcr")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    run = build(arguments.step)
    before, _ = resident()
    for _ in range(3):
        run()
    seconds = fastest(run, arguments.repeats)
    _, peak = resident()
    with FlopCounterMode(display=False) as counter:
        run()
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    gemm = min(fastest(lambda: a @ b, 20))
    flops = counter.get_total_flops()
    print(
        json.dumps(
            {
                "step": arguments.step,
                "torch": torch.__version__,
                "threads": arguments.threads,
                "repeats": arguments.repeats,
                "seconds_best": min(seconds),
                "seconds_median": statistics.median(seconds),
                "flops": flops,
                "flops_per_second": flops / min(seconds),
                "sgemm_1024_flops_per_second": 2 * 1024**3 / gemm,
                "bytes_before": before,
                "bytes_peak": peak,
            }
        )
    )


if __name__ == "__main__":
    main()

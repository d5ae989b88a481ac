# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""DIVA's training step with the tiny models of official_step.py: torch's SGD under transformers' cosine schedule, two
micro-batches of two passes a step, in float32; beside test/parity/methods/diva.dcr, on whose draws it runs.

Written from what the published code does for OpenAI's CLIP. Each of the two passes of a micro-batch draws times, noise
and patch tokens and computes the picture tower anew; the first runs its backward pass itself, so that no micro-batch
divides it. The autoencoder sees pictures that CLIP's statistics normalised and ImageNet's restored.
"""

import torch
from diffusers import AutoencoderKL, DDPMScheduler
from torch import nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel, get_cosine_schedule_with_warmup

from dcr import make_clip, make_unet
from fixture import write
from official_step import TEXT, UNET, VAE, VISION
from runs import CLIP_MEAN, CLIP_STD, Draws, batch_of, load, load_pictures, normalized, pictures, stage_tensors, start_linear, train

SEED, STEPS, MICRO, N = 5, 8, 2, 3
SIZE, TOKENS = 24, 4
LR, MOMENTUM, WARMUP, CLIP_NORM = 10.0, 0.9, 2, 0.1
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Run:
    def __init__(self):
        self.clip = load("official/clip", make_clip(VISION, TEXT, 20).eval())
        self.unet = load("official/unet", make_unet(**UNET).eval())
        self.vae = load("official/vae", AutoencoderKL(**VAE).eval())
        self.text = load_text()
        self.visual_proj = nn.Linear(20, 24)
        start_linear(SEED, "visual_proj", "", self.visual_proj)
        self.stored = load_pictures()
        self.scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
        for module in (self.clip, self.unet, self.vae, self.text):
            module.requires_grad_(False)
        self.firsts = []

    def tokens(self, small, draws, path):
        """The class token and patch tokens drawn with replacement, normalised and projected."""
        hidden = self.clip.vision_model(pixel_values=small).last_hidden_state
        chosen = draws.integers(f"{path}/local_tokens/chosen", (N, TOKENS), 4)
        patches = torch.stack([hidden[i, 1:][chosen[i]] for i in range(N)])
        both = torch.cat([hidden[:, :1], patches], 1)
        return self.clip.visual_projection(self.clip.vision_model.post_layernorm(both))

    def context(self, prompt, tokens):
        """Token by token."""
        return prompt + tokens

    def loss_of(self, step, micro):
        draws = Draws(SEED, N, "tune", step, micro)
        image = pictures(draws, batch_of(SEED, self.stored, N, MICRO, step, micro), SIZE)
        view = normalized(image, CLIP_MEAN, CLIP_STD)
        small = F.interpolate(view, size=(16, 16), mode="bilinear", align_corners=False, antialias=False)
        with torch.no_grad():
            mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
            latent = self.vae.encode(2 * (view * std + mean) - 1).latent_dist.mean * 0.18215
            prompt = self.text(torch.tensor([[18, 19, 0, 0, 0]])).last_hidden_state
        for number in ("first", "second"):
            path = f"{number}/denoising"
            t = draws.integers(f"{path}/t", (N,), 1000)
            eps = draws.normal(f"{path}/eps", tuple(latent.shape))
            tokens = self.visual_proj(self.tokens(small, draws, f"{path}/condition/tokens"))
            noisy = self.scheduler.add_noise(latent, eps, t)
            prediction = self.unet(noisy, t, self.context(prompt, tokens)).sample
            loss = F.mse_loss(prediction, eps)
            if number == "first":
                loss.backward()
                self.firsts.append(loss.item())
        return loss


def load_text():
    return load("official/text", CLIPTextModel(CLIPTextConfig(**TEXT, pad_token_id=0, hidden_act="gelu")).eval())


def follow(run, parts, steps=STEPS):
    """Trains some parts of a run; gives the facts and what the fixture keeps."""
    parameters = [(f"{root}.{key}", p) for root, part in parts for key, p in part.named_parameters()]
    for _, p in parameters:
        p.requires_grad_(True)
    optimizer = torch.optim.SGD([p for _, p in parameters], lr=LR, momentum=MOMENTUM)
    scheduler = get_cosine_schedule_with_warmup(optimizer, WARMUP, steps)
    facts, first, end = train(parameters, optimizer, run.loss_of, steps, MICRO, scheduler, CLIP_NORM)
    # What our loss says: all of the first passes, and the mean of the second.
    sums = [sum(run.firsts[k * MICRO : (k + 1) * MICRO]) for k in range(steps)]
    facts["losses"] = [second + sums[k] for k, second in enumerate(facts["losses"])]
    return facts, stage_tensors("tune", first, end)


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run()
    vision = [("clip.vision_model", run.clip.vision_model), ("clip.visual_projection", run.clip.visual_projection)]
    facts, tensors = follow(run, [*vision, ("visual_proj", run.visual_proj)])
    write("diva", {"what": "DIVA, 8 steps of 2 micro-batches of 3", "seed": SEED, "tune": facts}, tensors)
    print(facts)

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""Both stages of DCR in the paper's form on transformers' SigLIP, with the other tiny models of official_step.py, one
batch a step, in float32; beside test/parity/methods/dcr-siglip.dcr, on whose draws it runs.

Unlike the published code's step (official_step.py), the noise is what predictions are compared with (Eq. 8 and 12), and
pictures are changed before they are normalised, by the numbers of OpenAI's CLIP as published. The features are those of
the attention-pooling head. In the second stage the cosine of Eq. 11 is taken of Eq. 7 and 8 at every step.
"""

import torch
from diffusers import AutoencoderKL
from torch.nn import functional as F

from adapters import Siglip
from both_stages import both_stages
from dcr import Projector, dcr_loss, make_unet, two_views
from diva import load_text
from diva_backbones import make_siglip
from fixture import write
from official_step import TAU, UNET, VAE, Run as Published, augmented, empty_prompt
from runs import CLIP_MEAN, CLIP_STD, load, load_pictures, normalized, start_linears

STEPS = 6
# Learning rate, greatest norm of the gradient, AdamW's eps.
STAGES = {"align": (1e-2, 0.15, 1e-8), "enhance": (3e-3, 0.5, 1e-8)}


class Run(Published):
    seed, micros, tower = 13, 1, Siglip

    def __init__(self):
        self.clip = load("diva/siglip", make_siglip())
        self.unet = load("official/unet", make_unet(**UNET).eval())
        self.vae = load("official/vae", AutoencoderKL(**VAE).eval())
        self.proj = Projector(24, 24)
        start_linears(self.seed, "proj", self.proj)
        self.stored = load_pictures()
        self.prompt = empty_prompt(load_text())
        self.adapter = None
        self.conflicts = []
        for module in (self.clip, self.unet, self.vae):
            module.requires_grad_(False)

    def encode(self, x):
        return self.clip.vision_model(pixel_values=x).pooler_output

    def views(self, draws, image):
        return (normalized(x, CLIP_MEAN, CLIP_STD) for x in (image, augmented(draws, image)))

    def goal(self, eps, velocity):
        return eps

    def loss_of(self, stage, step, micro):
        z, z_plus, pairs, positive, goal = self.parts(stage, step, micro)
        if stage == "enhance":
            own = torch.stack([pairs[i, i] for i in range(len(pairs))])
            losses = two_views(z, z_plus, TAU), F.mse_loss(own, goal)
            g_con, g_rec = (torch.autograd.grad(loss, z, retain_graph=True)[0].flatten() for loss in losses)
            self.conflicts.append(F.cosine_similarity(g_con, g_rec, dim=0).item())
        return dcr_loss(pairs, positive, goal, TAU)


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run()
    facts, tensors = both_stages(run, ("proj",), STAGES, run.micros, STEPS)
    facts["enhance"]["monitors"] = {"conflict": run.conflicts}
    write("dcr-siglip", {"what": "DCR on SigLIP, 6 steps of 3 pictures", **facts}, tensors)
    print(facts)

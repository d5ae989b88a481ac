# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""Both stages of GenHancer's training step with continuous latents, with the CLIP model of official_step.py: diffusers'
FLUX transformer from random numbers and both projectors, then peft's LoRA over all linear layers of CLIP, by torch's
AdamW, two micro-batches a step, in float32; beside test/parity/methods/genhancer.dcr, on whose draws it runs.

Written from what the published code does: the class token alone is the condition, mapped once to the vector of the
modulations and once to the only token of the text stream; latents are samples of the autoencoder, in 2 x 2 patches;
times are sigmoids of normal numbers, and the target is noise less picture.
"""

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from torch.nn import functional as F

from adapters import Clip
from both_stages import both_stages
from dcr import Projector, image_features, make_clip
from fixture import FOLDER, random_start, write
from official_step import TEXT, VAE, VISION
from runs import CLIP_MEAN, CLIP_STD, Draws, batch_of, load, load_pictures, normalized, pictures, save, start_linears

STEPS, MICRO, N = 8, 2, 3
# Learning rate, greatest norm of the gradient, AdamW's eps.
STAGES = {"generate": (5e-3, 0.3, 1e-8), "enhance": (3e-3, 0.004, 1e-6)}
PARTS = ("dit", "pooled_proj", "token_proj")
SCALE, SHIFT = 0.3611, 0.1159
SIDE = 8


def patches(x):
    """[b, c, h, w] as tokens [b, h / 2 w / 2, 4 c], the channels outermost."""
    b, c, h, w = x.shape
    return x.reshape(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, h // 2 * (w // 2), 4 * c)


def make_vae():
    return AutoencoderKL(**VAE, use_quant_conv=False, use_post_quant_conv=False).eval()


class Run:
    seed, tower, heads, single_layers, guidance = 9, Clip, 2, 2, 1.0

    def __init__(self, clip, width, vae):
        """The tower's features are `width` numbers."""
        self.clip, self.vae = clip, vae
        self.dit = FluxTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=self.single_layers, attention_head_dim=8,
            num_attention_heads=self.heads, joint_attention_dim=12, pooled_projection_dim=10, guidance_embeds=True,
            axes_dims_rope=(2, 2, 4),
        )
        self.pooled_proj, self.token_proj = Projector(width, 10), Projector(width, 12)
        for name in ("dit", "pooled_proj", "token_proj"):
            start_linears(self.seed, name, getattr(self, name))
        self.stored = load_pictures()
        self.ids = torch.zeros(SIDE // 2, SIDE // 2, 3)
        self.ids[..., 1] = torch.arange(SIDE // 2)[:, None]
        self.ids[..., 2] = torch.arange(SIDE // 2)[None, :]
        self.adapter = None
        self.clip.requires_grad_(False)
        self.vae.requires_grad_(False)

    def encode(self, image):
        """The features of pictures."""
        return image_features(self.clip, normalized(image, CLIP_MEAN, CLIP_STD))

    def loss_of(self, stage, step, micro):
        draws = Draws(self.seed, N, stage, step, micro)
        image = pictures(draws, batch_of(self.seed, self.stored, N, MICRO, step, micro), 16)
        with torch.no_grad():
            found = self.vae.encode(2 * image - 1).latent_dist
            sample = found.mean + found.std * draws.normal("latent/encode/n", (N, 4, SIDE, SIDE))
            x_1 = patches(SCALE * (sample - SHIFT))
        x_0 = patches(draws.normal("eps", (N, 4, SIDE, SIDE)))
        t = torch.sigmoid(draws.normal("t/random_times", (N,)))
        x_t = (1 - t[:, None, None]) * x_1 + t[:, None, None] * x_0
        if self.adapter is not None:
            self.adapter.draw(draws, "prediction/features")
        z = self.encode(image)
        prediction = self.dit(
            x_t, self.token_proj(z)[:, None], self.pooled_proj(z), t, img_ids=self.ids.reshape(-1, 3),
            txt_ids=torch.zeros(1, 3), guidance=torch.full((N,), self.guidance),
        ).sample
        return F.mse_loss(prediction, x_0 - x_1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(51)
    clip = load("official/clip", make_clip(VISION, TEXT, 20).eval())
    run = Run(clip, 20, random_start(make_vae()).float())
    (FOLDER / "genhancer").mkdir(exist_ok=True)
    save("genhancer", "vae", run.vae)
    what = "GenHancer, 8 steps of 2 micro-batches of 3"
    facts, tensors = both_stages(run, PARTS, STAGES, MICRO, STEPS)
    write("genhancer", {"what": what, **facts}, tensors)
    print(facts)

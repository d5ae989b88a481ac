# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""un2CLIP's training step with the tiny models of official_step.py and a UNet of unCLIP's form: the picture tower is
tuned by torch's AdamW on the reconstruction loss of the frozen generator, in float32; beside
test/parity/methods/un2clip.dcr, on whose draws it runs.

Its training code is not published. The method is the paper's: the features, without a projector, are what the generator
is conditioned on. The noising of the features, the noise of latents and the velocity are diffusers' own.
"""

from types import SimpleNamespace

import torch
from diffusers import AutoencoderKL, DDPMScheduler, StableUnCLIPPipeline
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer
from torch.nn import functional as F

from dcr import image_features, make_clip, make_unet
from diva import load_text
from fixture import FOLDER, random_start, write
from official_step import TEXT, UNET, VAE, VISION, empty_prompt
from runs import CLIP_MEAN, CLIP_STD, Draws, batch_of, load, load_pictures, normalized, pictures, save, stage_tensors, train

SEED, STEPS, N = 7, 10, 3
LEVEL, LR, CLIP_NORM = 40, 2e-3, 0.02
UNCLIP = {**UNET, "block_out_channels": [8, 8], "class_embed_type": "projection", "projection_class_embeddings_input_dim": 40}


class Run:
    def __init__(self):
        torch.manual_seed(41)
        self.clip = load("official/clip", make_clip(VISION, TEXT, 20).eval())
        self.vae = load("official/vae", AutoencoderKL(**VAE).eval())
        self.unet = random_start(make_unet(**UNCLIP).eval()).float()
        self.normalizer = StableUnCLIPImageNormalizer(20)
        with torch.no_grad():
            self.normalizer.mean.copy_(0.3 * torch.randn(1, 20))
            self.normalizer.std.copy_(torch.rand(1, 20) + 0.5)
        self.stored = load_pictures()
        self.scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
        text = load_text()
        for module in (self.clip, self.vae, self.unet, self.normalizer, text):
            module.requires_grad_(False)
        self.prompt = empty_prompt(text)

    def class_labels(self, z, noise):
        pipe = SimpleNamespace(
            image_normalizer=self.normalizer, image_noising_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2")
        )
        return StableUnCLIPPipeline.noise_image_embeddings(pipe, z, LEVEL, noise)

    def loss_of(self, step, micro):
        draws = Draws(SEED, N, "enhance", step, micro)
        image = pictures(draws, batch_of(SEED, self.stored, N, 1, step, micro), 16)
        with torch.no_grad():
            found = self.vae.encode(2 * image - 1).latent_dist
            latent = (found.mean + found.std * draws.normal("encoded/encode/n", tuple(found.mean.shape))) * 0.18215
        z = image_features(self.clip, normalized(image, CLIP_MEAN, CLIP_STD))
        labels = self.class_labels(z, draws.normal("c/condition/noised_embedding/n", (N, 20)))
        t, eps = draws.integers("t", (N,), 1000), draws.normal("eps", tuple(latent.shape))
        noisy = self.scheduler.add_noise(latent, eps, t)
        prediction = self.unet(noisy, t, self.prompt.expand(N, -1, -1), class_labels=labels).sample
        return F.mse_loss(prediction, self.scheduler.get_velocity(latent, eps, t))


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run()
    (FOLDER / "un2clip").mkdir(exist_ok=True)
    save("un2clip", "unet", run.unet)
    save("un2clip", "normalizer", run.normalizer)
    parts = [("clip.vision_model", run.clip.vision_model), ("clip.visual_projection", run.clip.visual_projection)]
    trained = [(f"{root}.{key}", p) for root, part in parts for key, p in part.named_parameters()]
    for _, p in trained:
        p.requires_grad_(True)
    optimizer = torch.optim.AdamW([p for _, p in trained], lr=LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    facts, first, end = train(trained, optimizer, run.loss_of, STEPS, 1, clip_norm=CLIP_NORM)
    write(
        "un2clip",
        {"what": "un2CLIP, 10 steps of 3 pictures", "seed": SEED, "enhance": facts},
        stage_tensors("enhance", first, end),
    )
    print(facts)

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""The whole DCR step at N = 4: align (projector) and enhance (picture tower), losses, gradients, weights after 3 steps.

AdamW's eps is 1e-5, as in blocks.py and for its reason.
"""

import torch
from torch.nn import functional as F

from dcr import Projector, dcr_loss, image_features, make_clip, make_unet, noised, pairs_of, two_views
from fixture import named, random_start, weights, write

N = 4
TAU = 0.1
OPTIMIZER = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-5, "weight_decay": 0.01}
CLIP_NORM = 0.03
STEPS = 3

VISION = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3, "image_size": 16, "patch_size": 8}
TEXT = {
    "vocab_size": 20, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 3,
    "max_position_embeddings": 5, "bos_token_id": 18, "eos_token_id": 19,
}
UNET = {
    "in_channels": 12, "out_channels": 12, "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "block_out_channels": [8, 16], "layers_per_block": 1,
    "cross_attention_dim": 24, "attention_head_dim": [1, 2], "norm_num_groups": 4, "use_linear_projection": True,
}


class Step:
    def __init__(self):
        torch.manual_seed(7)
        self.clip = random_start(make_clip(VISION, TEXT, 20).eval())
        self.unet = random_start(make_unet(**UNET).eval())
        self.proj = random_start(Projector(20, 24))
        self.empty = torch.tensor([[18, 19, 0, 0, 0]])

    def draw(self):
        """One batch: pictures, their changed copies, times, noise."""
        return {
            "image": torch.rand(N, 3, 16, 16).double(),
            "image_plus": torch.rand(N, 3, 16, 16).double(),
            "t": torch.randint(300, 1000, (N,)),
            "eps": torch.randn(N, 12, 8, 8).double(),
        }

    def losses(self, batch):
        clip, unet, proj = self.clip, self.unet, self.proj
        latent = F.pixel_unshuffle(2 * batch["image"] - 1, 2)
        noisy, goal = noised(latent, batch["eps"], batch["t"])
        prompt = clip.text_model(input_ids=self.empty).last_hidden_state
        z = image_features(clip, (batch["image"] - 0.5) / 0.5)
        z_plus = image_features(clip, (batch["image_plus"] - 0.5) / 0.5)
        condition = proj(z)[:, None] + prompt
        pairs = pairs_of(unet, noisy, batch["t"], condition)
        positive = unet(noisy, batch["t"], proj(z_plus)[:, None] + prompt).sample
        reconstruction = F.mse_loss(unet(noisy, batch["t"], condition).sample, goal)
        return dcr_loss(pairs, positive, goal, TAU), reconstruction, two_views(z, z_plus, TAU), z


def stage(name, step, modules):
    """Trains some modules, all else frozen, on a new batch per step."""
    for module in (step.clip, step.unet, step.proj):
        module.requires_grad_(False)
    trained = [(f"{root}.{key}", p) for root, module in modules for key, p in module.named_parameters()]
    for _, p in trained:
        p.requires_grad_(True)
    optimizer = torch.optim.AdamW([p for _, p in trained], **OPTIMIZER)
    kept = {**weights(f"{name}/start/clip", step.clip), **weights(f"{name}/start/proj", step.proj)}
    if name == "align":
        kept |= weights("unet", step.unet)
    facts = {"losses": [], "reconstruction": [], "contrastive": [], "grad_norm": [], "conflict": []}
    for k in range(STEPS):
        batch = step.draw()
        kept |= named(f"{name}/batch/{k}", batch.items())
        optimizer.zero_grad()
        dcr, reconstruction, contrastive, z = step.losses(batch)
        if name == "enhance":
            g = [torch.autograd.grad(loss, z, retain_graph=True)[0].flatten() for loss in (contrastive, reconstruction)]
            facts["conflict"].append(F.cosine_similarity(g[0], g[1], dim=0).item())
        dcr.backward()
        if k == 0:
            kept |= named(f"{name}/gradient", ((key, p.grad.clone()) for key, p in trained))
        facts["losses"].append(dcr.item())
        facts["reconstruction"].append(reconstruction.item())
        facts["contrastive"].append(contrastive.item())
        facts["grad_norm"].append(torch.nn.utils.clip_grad_norm_([p for _, p in trained], CLIP_NORM).item())
        optimizer.step()
    kept |= named(f"{name}/end", ((key, p.detach().clone()) for key, p in trained))
    return facts, kept


if __name__ == "__main__":
    step = Step()
    align, first = stage("align", step, [("proj", step.proj)])
    enhance, second = stage(
        "enhance", step, [("clip.vision_model", step.clip.vision_model), ("clip.visual_projection", step.clip.visual_projection)]
    )
    # What enhance starts from beside the projector is what align started from.
    second = {key: value for key, value in second.items() if not key.startswith("enhance/start")}
    settings = {"n": N, "tau": TAU, "optimizer": OPTIMIZER, "clip_norm": CLIP_NORM, "steps": STEPS}
    write(
        "dcr_step",
        {"what": "DCR at N = 4", **settings, "vision": VISION, "text": TEXT, "unet": UNET, "align": align, "enhance": enhance},
        {**first, **second},
    )

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""Both stages of the published training step with tiny models: transformers' CLIP and text encoder, diffusers' VAE and
UNet, peft's LoRA over all linear layers, torch's AdamW, two micro-batches a step, 20 steps in float32.

Written from what the published code does (its repository is not read here), with these things given by us so that runs
can be compared: the order of the pictures, all random numbers (draws.py, squares.py) and initial values. The pictures
are cut and changed pixel by pixel in Python (augment.py), the loss is Eq. 12 row by row (dcr.py).
"""

import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextConfig, CLIPTextModel

from adapters import Adapter, Clip
from augment import crop, jitter
from dcr import Projector, alphas_cumprod, dcr_loss, image_features, make_clip, make_unet, pairs_of
from fixture import FOLDER, random_start, write
from runs import CLIP_MEAN, CLIP_STD, Draws, batch_of, normalized, pictures, rows_of, save, save_pictures, start_linears, tensor, train, window

SEED, STEPS, MICRO, N, TAU = 3, 20, 2, 3, 0.1
STORED, SIZE, PICTURES = 20, 16, 11
RANK, DROPOUT = 2, 0.1
RATES = {"align": 1e-2, "enhance": 1e-3}

VISION = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3, "image_size": 16, "patch_size": 8}
TEXT = {
    "vocab_size": 20, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 3,
    "max_position_embeddings": 5, "bos_token_id": 18, "eos_token_id": 19,
}
UNET = {
    "in_channels": 4, "out_channels": 4, "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"], "block_out_channels": [8, 16], "layers_per_block": 1,
    "cross_attention_dim": 24, "attention_head_dim": [1, 2], "norm_num_groups": 4, "use_linear_projection": True,
}
VAE = {
    "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2,
    "block_out_channels": [4, 8], "layers_per_block": 1, "norm_num_groups": 2, "latent_channels": 4,
}


def augmented(draws, view):
    """The published augmentation, on normalised pictures as published: it cuts off what is below 0 or above 1."""
    path = "view_plus/paper_augment"
    changes = [
        draws.chance(f"{path}/x/color_jitter/{name}", low, high)
        for name, low, high in (("light", 0.9, 1.1), ("spread", 0.9, 1.1), ("colour", 0.9, 1.1), ("turn", -0.05, 0.05))
    ]
    across = draws.chance(f"{path}/x#2/horizontal_flip/chance", 0, 1)
    down = draws.chance(f"{path}/x#2/vertical_flip/chance", 0, 1)
    windows = list(window(draws, f"{path}/random_resized_crop", 0.9, 1.1))
    out = []
    for i in range(N):
        image = jitter(rows_of(view[i]), *(float(c[i]) for c in changes))
        image = [row[::-1] for row in image] if across[i] < 0.5 else image
        image = image[::-1] if down[i] < 0.5 else image
        out.append(crop(image, *map(float, windows[i])))
    return tensor(out)


def empty_prompt(text):
    """The hidden states of the empty prompt, whose padding is hidden from the text encoder."""
    visible = torch.tensor([[1, 1, 0, 0, 0]])
    with torch.no_grad():
        return text(torch.tensor([[18, 19, 0, 0, 0]]), attention_mask=visible).last_hidden_state


class Run:
    seed, micros = SEED, MICRO

    def __init__(self):
        torch.manual_seed(31)
        self.clip = random_start(make_clip(VISION, TEXT, 20).eval()).float()
        self.unet = random_start(make_unet(**UNET).eval()).float()
        self.vae = random_start(AutoencoderKL(**VAE).eval()).float()
        self.text = random_start(CLIPTextModel(CLIPTextConfig(**TEXT, pad_token_id=0, hidden_act="gelu")).eval()).float()
        self.proj = Projector(20, 24)
        self.stored = torch.randint(0, 256, (PICTURES, 3, STORED, STORED), dtype=torch.uint8)
        start_linears(SEED, "proj", self.proj)
        self.prompt = empty_prompt(self.text)
        self.adapter = None

    def encode(self, x):
        """The features of normalised pictures."""
        return image_features(self.clip, x)

    def views(self, draws, image):
        """A picture and its changed copy, as the tower sees them."""
        view = normalized(image, CLIP_MEAN, CLIP_STD)
        return view, augmented(draws, view)

    def goal(self, eps, velocity):
        """What predictions are compared with."""
        return velocity

    def features(self, draws, place, view):
        if self.adapter is not None:
            self.adapter.draw(draws, place)
        return self.encode(view)

    def parts(self, stage, step, micro):
        """The features of both views, all predictions, those under the changed copy, and their goal."""
        draws = Draws(self.seed, N, stage, step, micro)
        image = pictures(draws, batch_of(self.seed, self.stored, N, self.micros, step, micro), SIZE)
        view, view_plus = self.views(draws, image)
        with torch.no_grad():
            found = self.vae.encode(2 * image - 1).latent_dist
            latent = (found.mean + found.std * draws.normal("encoded/encode/n", (N, 4, 8, 8))) * 0.18215
        z, z_plus = self.features(draws, "z", view), self.features(draws, "z_plus", view_plus)
        t, eps = draws.integers("t", (N,), 1000), draws.normal("eps", (N, 4, 8, 8))
        a = alphas_cumprod()[t].float()[:, None, None, None]
        noisy, velocity = a.sqrt() * latent + (1 - a).sqrt() * eps, a.sqrt() * eps - (1 - a).sqrt() * latent
        condition, condition_plus = (self.proj(f)[:, None] + self.prompt for f in (z, z_plus))
        pairs = pairs_of(self.unet, noisy, t, condition)
        positive = self.unet(noisy, t, condition_plus).sample
        return z, z_plus, pairs, positive, self.goal(eps, velocity)

    def loss_of(self, stage, step, micro):
        _, _, pairs, positive, goal = self.parts(stage, step, micro)
        return dcr_loss(pairs, positive, goal, TAU)

    def train(self, stage, named):
        """Gives the losses, the norms of the gradients, and what was trained at the start and the end."""
        start = {name: p.detach().clone() for name, p in named}
        parameters = [p for _, p in named]
        optimizer = torch.optim.AdamW(parameters, lr=RATES[stage], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
        facts, _, end = train(named, optimizer, lambda step, micro: self.loss_of(stage, step, micro), STEPS, MICRO)
        return {key: facts[key] for key in ("losses", "grad_norms")}, start, end


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run()
    folder = FOLDER / "official"
    folder.mkdir(parents=True, exist_ok=True)
    save_pictures(run.stored)
    for name in ("clip", "unet", "vae", "text"):
        save("official", name, getattr(run, name))

    for module in (run.clip, run.unet, run.vae, run.text):
        module.requires_grad_(False)
    align, align_start, align_end = run.train("align", [(f"proj.{k}", p) for k, p in run.proj.named_parameters()])
    run.proj.requires_grad_(False)
    run.adapter = Adapter(SEED, run.clip, RANK, DROPOUT, Clip)
    enhance, enhance_start, enhance_end = run.train("enhance", run.adapter.trained())
    kept_tensors = {}
    for name, tensors in (("align/start", align_start), ("align/end", align_end), ("enhance/start", enhance_start), ("enhance/end", enhance_end)):
        kept_tensors |= {f"{name}/{k}": v for k, v in tensors.items()}
    facts = {"what": "the published step, 20 steps of 2 micro-batches of 3", "seed": SEED, "align": align, "enhance": enhance}
    write("official_step", facts, kept_tensors)
    size = sum(p.stat().st_size for p in folder.rglob("*.safetensors"))
    print(f"official: {size} bytes", align["losses"][:3], enhance["losses"][:3], enhance["grad_norms"][:3])

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2"]
# ///
"""Both stages of the published training step with tiny models: transformers' CLIP and text encoder, diffusers' VAE and
UNet, peft's LoRA over all linear layers, torch's AdamW, two micro-batches a step, 20 steps in float32.

Written from what the published code does (its repository is not read here), with these things given by us so that runs
can be compared: the order of the pictures, all random numbers (draws.py, squares.py) and initial values. The pictures
are cut and changed pixel by pixel in Python (augment.py), the loss is Eq. 12 row by row (dcr.py).
"""

import math

import numpy
import torch
from diffusers import AutoencoderKL
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from augment import crop, jitter, planes
from dcr import Projector, alphas_cumprod, dcr_loss, image_features, make_clip, make_unet, pairs_of
from draws import key_of, normal, order, randint, uniform
from fixture import FOLDER, random_start, write
from squares import kept

SEED, STEPS, MICRO, N, TAU = 3, 20, 2, 3, 0.1
STORED, SIZE, PICTURES = 20, 16, 11
RANK, DROPOUT = 2, 0.1
RATES = {"align": 1e-2, "enhance": 1e-3}
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)

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


class Draws:
    """The random numbers of one micro-batch."""

    def __init__(self, stage, step, micro):
        self.place = lambda path: (key_of(SEED, stage, path), step, micro)

    def uniform(self, path, low, high):
        return uniform((N,), self.place(path), low, high)

    def chance(self, path, low, high):
        return uniform((N, 1, 1, 1), self.place(path), low, high).reshape(N)

    def normal(self, path, shape):
        return torch.from_numpy(normal(shape, self.place(path)))

    def times(self):
        return torch.from_numpy(randint((N,), self.place("t"), 0, 1000))

    def words(self, path):
        return randint((2,), self.place(path), 0, 2**32)


def rows_of(pixels):
    """[3][h][w] as rows of triples."""
    return [[tuple(float(v) for v in pixels[:, y, x]) for x in range(pixels.shape[2])] for y in range(pixels.shape[1])]


def window(draws, path, ratio_low, ratio_high):
    return zip(
        draws.uniform(f"{path}/area", 0.9, 1.0),
        draws.uniform(f"{path}/log_ratio", math.log(ratio_low), math.log(ratio_high)),
        draws.uniform(f"{path}/left", 0, 1),
        draws.uniform(f"{path}/top", 0, 1),
    )


def tensor(images):
    return torch.tensor(numpy.array([planes(image) for image in images]), dtype=torch.float32)


def pictures(draws, stored):
    """The training pictures: a random window, resized."""
    return tensor([
        crop(rows_of(p), *map(float, w), size=SIZE)
        for p, w in zip(stored, window(draws, "image/random_resized_crop", 3 / 4, 4 / 3))
    ])


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


class Dropout(torch.nn.Module):
    """peft's dropout with given masks, which its user puts here before each pass."""

    def forward(self, x):
        return torch.where(kept(self.words, tuple(x.shape), DROPOUT), x / (1 - DROPOUT), 0.0)


def draw_path(view, layer):
    """The name of an adapted layer's mask: how our program reaches it."""
    head = f"{view}/image_features/forward"
    if layer == "visual_projection":
        return f"{head}#2/enc/{layer}"
    _, _, _, index, block, part = layer.split(".")
    x = "x" if index == "0" else f"x#{int(index) + 1}"
    inside = {
        "q_proj": "x/forward/x/forward#2/q/forward", "k_proj": "x/forward/x/forward#2/k/forward",
        "v_proj": "x/forward/x/forward#2/v/forward", "out_proj": "x/forward/x/forward#2/forward",
        "fc1": "x/forward/forward#2/forward", "fc2": "x/forward/forward#2/forward#2",
    }[part].replace("x/", f"{x}/", 1)
    return f"{head}/hidden/forward#3/{inside}/enc/{layer}"


class Run:
    def __init__(self):
        torch.manual_seed(31)
        self.clip = random_start(make_clip(VISION, TEXT, 20).eval()).float()
        self.unet = random_start(make_unet(**UNET).eval()).float()
        self.vae = random_start(AutoencoderKL(**VAE).eval()).float()
        self.text = random_start(CLIPTextModel(CLIPTextConfig(**TEXT, pad_token_id=0, hidden_act="gelu")).eval()).float()
        self.proj = Projector(20, 24)
        self.stored = torch.randint(0, 256, (PICTURES, 3, STORED, STORED), dtype=torch.uint8)
        with torch.no_grad():
            for name, p in self.proj.named_parameters():
                if name.startswith("fc"):
                    bound = 1 / math.sqrt(20 if name.startswith("fc1") else 24)
                    place = (key_of(SEED, "init", "proj", name), 0, 0)
                    p.copy_(torch.from_numpy(uniform(tuple(p.shape), place, -bound, bound)))
        visible = torch.tensor([[1, 1, 0, 0, 0]])
        with torch.no_grad():
            self.prompt = self.text(torch.tensor([[18, 19, 0, 0, 0]]), attention_mask=visible).last_hidden_state

    def adapt(self):
        """peft's LoRA over all linear layers of the model; those of the text tower never act."""
        settings = LoraConfig(r=RANK, lora_alpha=RANK, lora_dropout=DROPOUT, target_modules="all-linear", bias="lora_only")
        self.adapted = get_peft_model(self.clip, settings)
        self.dropouts = {}
        with torch.no_grad():
            for name, module in self.clip.named_modules():
                if hasattr(module, "lora_A"):
                    a = module.lora_A["default"].weight
                    bound = 1 / math.sqrt(a.shape[1])
                    path = f"base_model.model.{name}.lora_A.weight"
                    a.copy_(torch.from_numpy(uniform(tuple(a.shape), (key_of(SEED, "init", "enc", path), 0, 0), -bound, bound)))
                    if "text" not in name:
                        module.lora_dropout["default"] = self.dropouts[name] = Dropout()

    def features(self, draws, view, x):
        if hasattr(self, "dropouts"):
            for layer, dropout in self.dropouts.items():
                dropout.words = draws.words(draw_path(view, layer))
        return image_features(self.clip, x)

    def loss(self, stage, step, micro):
        draws = Draws(stage, step, micro)
        first = ((step - 1) * MICRO + micro) * N
        rows = [order(SEED, "cc3m", k // PICTURES, PICTURES)[k % PICTURES] for k in range(first, first + N)]
        image = pictures(draws, self.stored[rows].float() / 255)
        mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
        view = (image - mean) / std
        with torch.no_grad():
            found = self.vae.encode(2 * image - 1).latent_dist
            latent = (found.mean + found.std * draws.normal("encoded/encode/n", (N, 4, 8, 8))) * 0.18215
        z = self.features(draws, "z", view)
        z_plus = self.features(draws, "z_plus", augmented(draws, view))
        t, eps = draws.times(), draws.normal("eps", (N, 4, 8, 8))
        a = alphas_cumprod()[t].float()[:, None, None, None]
        noisy, velocity = a.sqrt() * latent + (1 - a).sqrt() * eps, a.sqrt() * eps - (1 - a).sqrt() * latent
        condition, condition_plus = (self.proj(f)[:, None] + self.prompt for f in (z, z_plus))
        pairs = pairs_of(self.unet, noisy, t, condition)
        positive = self.unet(noisy, t, condition_plus).sample
        return dcr_loss(pairs, positive, velocity, TAU)

    def train(self, stage, named):
        """Gives the losses, the norms of the gradients, and what was trained at the start and the end."""
        start = {name: p.detach().clone() for name, p in named}
        parameters = [p for _, p in named]
        optimizer = torch.optim.AdamW(parameters, lr=RATES[stage], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
        losses, norms = [], []
        for step in range(1, STEPS + 1):
            total = 0.0
            for micro in range(MICRO):
                loss = self.loss(stage, step, micro)
                (loss / MICRO).backward()
                total += loss.item() / MICRO
            losses.append(total)
            norms.append(torch.nn.utils.clip_grad_norm_(parameters, 1.0).item())
            optimizer.step()
            optimizer.zero_grad()
        return {"losses": losses, "grad_norms": norms}, start, dict(named)


def ours(name):
    """The model and path of a parameter of peft's model."""
    if "lora_" in name:
        return "enc." + name.replace(".default", "")
    return "clip." + name.removeprefix("base_model.model.").replace(".base_layer", "")


def save(folder, name, module, prefix=""):
    tensors = {prefix + key: p.detach().contiguous().clone() for key, p in module.named_parameters()}
    save_file(tensors, folder / f"{name}.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    run = Run()
    folder = FOLDER / "official"
    (folder / "shards").mkdir(parents=True, exist_ok=True)
    save_file({"image": run.stored}, folder / "shards" / "pictures.safetensors")
    for name in ("clip", "unet", "vae"):
        save(folder, name, getattr(run, name))
    renamed = "" if next(iter(dict(run.text.named_parameters()))).startswith("text_model.") else "text_model."
    save(folder, "text", run.text, renamed)

    for module in (run.clip, run.unet, run.vae, run.text):
        module.requires_grad_(False)
    align, align_start, align_end = run.train("align", [(f"proj.{k}", p) for k, p in run.proj.named_parameters()])
    align_end = {k: p.detach().clone() for k, p in align_end.items()}
    run.proj.requires_grad_(False)
    run.adapt()
    reached = [(ours(k), p) for k, p in run.adapted.named_parameters() if p.requires_grad and "text" not in k]
    enhance, enhance_start, enhance_end = run.train("enhance", reached)
    kept_tensors = {}
    for name, tensors in (("align/start", align_start), ("align/end", align_end), ("enhance/start", enhance_start), ("enhance/end", enhance_end)):
        kept_tensors |= {f"{name}/{k}": v for k, v in tensors.items()}
    facts = {"what": "the published step, 20 steps of 2 micro-batches of 3", "seed": SEED, "align": align, "enhance": enhance}
    write("official_step", facts, kept_tensors)
    size = sum(p.stat().st_size for p in folder.rglob("*.safetensors"))
    print(f"official: {size} bytes", align["losses"][:3], enhance["losses"][:3], enhance["grad_norms"][:3])

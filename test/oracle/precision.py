# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "diffusers==0.42.1", "peft==0.21.2", "transformers==5.23.0"]
# ///
"""Weights rounded to bf16 and f16: the casts themselves; a UNet of diffusers with rounded weights, computed in float64;
training with float32 masters that the forward pass reads rounded (the gradient passes straight through the rounding);
and peft's LoRA beside rounded weights. The UNet's weights and inputs are those of the fixture `unet_xl`."""

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch import nn

from fixture import FOLDER, random_start, write

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}
OPTIMIZER = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-5, "weight_decay": 0.01}
STEPS = 20


def rounded(value, dtype):
    return value.float().to(dtype).to(value.dtype)


def casts():
    """Random bits, and the neighbourhood of where things change."""
    torch.manual_seed(31)
    words = torch.randint(-(2**31), 2**31, (3000,), dtype=torch.int64).to(torch.int32)
    near = torch.tensor([0.0, 1.0, 2.0**-14, 2.0**-24, 2.0**-25, 65504.0, 3.0, 2.0**-126, 1.5 * 2.0**-133, 2049.0])
    around = near.view(torch.int32)[:, None] + torch.arange(-2, 3, dtype=torch.int32)[None]
    halves = torch.randn(1000).to(torch.float16).float().view(torch.int32) + 0x1000  # halfway between two of f16
    bits = torch.cat([words, around.flatten(), halves, 0x8000 + torch.randn(1000).bfloat16().float().view(torch.int32)])
    values = bits.view(torch.float32)
    values = values[torch.isfinite(values)]
    values = torch.cat([values, -values])
    out = {"casts/x": values}
    for name, dtype in TYPES.items():
        kept = values[torch.isfinite(values.to(dtype))]
        out[f"casts/{name}/x"] = kept
        out[f"casts/{name}/y"] = kept.to(dtype).float()
    del out["casts/x"]
    return out


def unet():
    model = UNet2DConditionModel(
        in_channels=4, out_channels=4, layers_per_block=1, cross_attention_dim=12, norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(4, 8), attention_head_dim=(1, 2), transformer_layers_per_block=(1, 2),
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=6,
        projection_class_embeddings_input_dim=46,
    ).eval()
    stored = load_file(FOLDER / "unet_xl.safetensors")
    weights = {key.removeprefix("start/"): value for key, value in stored.items() if key.startswith("start/")}
    given = {key.removeprefix("input/"): value for key, value in stored.items() if key.startswith("input/")}
    x, t, context = given["x"].double(), given["t"], given["context"].double()
    added = {"text_embeds": given["text_embeds"].double(), "time_ids": given["time_ids"].double()}
    out = {}
    for name, dtype in {"exact": torch.float32, **TYPES}.items():
        model.double().load_state_dict({key: rounded(value, dtype).double() for key, value in weights.items()})
        with torch.no_grad():
            out[f"unet/{name}"] = model(x, t, context, added_cond_kwargs=added).sample
    return out


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.out = nn.Linear(36, 5)

    def forward(self, x):
        return self.out(torch.tanh(self.conv(x)).flatten(1))


def trained(dtype, x, target, start):
    """Only `out` is trained; both layers are read rounded. Masters and moments are float32."""
    net = Net()
    net.load_state_dict(start)
    optimizer = torch.optim.AdamW(net.out.parameters(), **OPTIMIZER)
    losses, first = [], None
    for _ in range(STEPS):
        optimizer.zero_grad()
        # the master plus the rounding as a constant: what is read is rounded, the gradient is the master's
        read = {key: p + (rounded(p, dtype) - p).detach() for key, p in net.named_parameters()}
        loss = ((torch.func.functional_call(net, read, x) - target) ** 2).mean()
        loss.backward()
        first = first or {f"gradient/net.out.{key}": p.grad.clone() for key, p in net.out.named_parameters()}
        losses.append(loss.item())
        optimizer.step()
    return losses, first, {f"end/net.out.{key}": p.detach().clone() for key, p in net.out.named_parameters()}


def adapted(dtype, x, target, start, factors):
    """peft's LoRA in float64 beside a base whose weights are rounded."""
    net = Net()
    net.load_state_dict({key: rounded(value, dtype) for key, value in start.items()})
    model = get_peft_model(net, LoraConfig(r=2, lora_alpha=3, target_modules=["conv", "out"])).double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name:
                p.copy_(factors[name.replace(".default", "")])
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], **OPTIMIZER)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = ((model(x.double()) - target.double()) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    merged = model.merge_and_unload()
    return losses, {f"merged/{name}": p for name, p in merged.named_parameters()}


torch.manual_seed(32)
net = random_start(Net()).float()
start = {key: value.clone() for key, value in net.state_dict().items()}
x, target = torch.randn(6, 3, 6, 6), torch.randn(6, 5)
lora = get_peft_model(Net(), LoraConfig(r=2, lora_alpha=3, target_modules=["conv", "out"]))
factors = {
    name.replace(".default", ""): 0.3 * torch.randn_like(p) for name, p in lora.named_parameters() if "lora_" in name
}
facts, tensors = {}, {}
for name, dtype in {"exact": torch.float32, **TYPES}.items():
    facts[f"losses/{name}"], first, end = trained(dtype, x, target, start)
    facts[f"adapted/{name}"], merged = adapted(dtype, x, target, start, factors)
    for key, value in {**first, **end, **merged}.items():
        tensors[f"{name}/{key}"] = value
write(
    "precision",
    {"what": "casts to bf16 and f16, a UNet, training and LoRA with rounded weights", **facts},
    {
        **casts(),
        **unet(),
        "input/x": x,
        "input/target": target,
        **{f"start/net.{key}": value for key, value in start.items()},
        **{f"start/enc.{key}": value for key, value in factors.items()},
        **tensors,
    },
)

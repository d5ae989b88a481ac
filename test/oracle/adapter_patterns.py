# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "safetensors==0.8.0", "peft==0.21.2"]
# ///
"""peft's LoRA with ranks and scales by layer, biases of the whole model and a module that is kept whole: a folder as peft
saves it, and what the model gives with it and without."""

import json

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from torch import nn

from fixture import FOLDER, write


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 8)
        self.proj_out = nn.Linear(8, 6)

    def forward(self, x):
        return x + self.proj_out(torch.tanh(self.fc1(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.norm = nn.LayerNorm(6)
        self.proj_out = nn.Linear(6, 5)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(torch.tanh(self.proj_out(self.norm(x))))


torch.manual_seed(3)
net = Net()
start = {name: p.detach().clone() for name, p in net.named_parameters()}
x = torch.randn(7, 6)
before = net(x)
config = LoraConfig(
    r=3, lora_alpha=5, target_modules=["fc1", "proj_out"], bias="all", modules_to_save=["head"],
    rank_pattern={"fc1": 2, r"blocks\.\d+\.proj_out": 4}, alpha_pattern={"blocks.1.fc1": 7},
)
model = get_peft_model(net, config)
with torch.no_grad():
    for name, p in model.named_parameters():
        if p.requires_grad:
            p.add_(0.2 * torch.randn_like(p))
model.eval()
after = model(x)
folder = FOLDER / "adapter_patterns"
model.save_pretrained(folder)
(folder / "README.md").unlink(missing_ok=True)
known = json.loads((folder / "adapter_config.json").read_text())
(folder / "adapter_config.json").write_text(json.dumps({**known, "base_model_name_or_path": None}, indent=2, sort_keys=True) + "\n")
write("adapter_patterns", {}, {"input/x": x, "before": before, "after": after, **{f"start/net.{k}": v for k, v in start.items()}})

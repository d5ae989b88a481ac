# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "peft==0.21.2", "transformers==5.23.0"]
# ///
"""peft's LoRA beside a convolution and a linear layer: output, loss, gradients, 20 AdamW steps, the merged model, and the
adapter as peft saves it.

The factors start away from 0, so that every gradient is there. peft's dropout is replaced by one with given masks:
entries that are not kept become 0, the others are divided by 1 - p, as torch.nn.Dropout does with its own draws. The
masks are those of squares32 (Widynski 2020), here in numpy: entry i is kept where squares32(i, key) >= p 2^32.
"""

import copy

import torch
from safetensors.torch import load_file
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from torch import nn

from fixture import FOLDER, write
from squares import kept

OPTIMIZER = {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-5, "weight_decay": 0.01}
STEPS = 20
P = 0.25


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.out = nn.Linear(36, 5)

    def forward(self, x):
        return self.out(torch.tanh(self.conv(x)).flatten(1))


class Dropout(nn.Module):
    def __init__(self, words, shape):
        super().__init__()
        self.kept = kept(words, shape, P)

    def forward(self, x):
        return torch.where(self.kept, x / (1 - P), 0.0) if self.training else x


torch.manual_seed(6)
net = Net()
config = LoraConfig(r=2, lora_alpha=3, lora_dropout=P, target_modules=["conv", "out"], bias="lora_only")
model = get_peft_model(net, config)
names = {key: value.shape for key, value in get_peft_model_state_dict(model).items() if "lora_" in key}
with torch.no_grad():
    for name, p in model.named_parameters():
        if "lora_" in name:
            p.normal_(std=0.3)
model = model.double()
x, target = torch.randn(6, 3, 6, 6).double(), torch.randn(6, 5).double()
keys = {"conv": [0x9E3779B9, 0xFFFFFFFF], "out": [0x12345678, 0xBB67AE85]}
for layer, shape in {"conv": (6, 3, 6, 6), "out": (6, 36)}.items():
    getattr(net, layer).lora_dropout["default"] = Dropout(keys[layer], shape)


def ours(name):
    """The model and path of a parameter of peft's model."""
    if "lora_" in name:
        return "enc." + name.replace(".default", "")
    return "net." + name.removeprefix("base_model.model.").replace(".base_layer", "")


def tensors(prefix, pairs):
    return {f"{prefix}/{ours(name)}": value.detach().clone() for name, value in pairs}


start = tensors("start", model.named_parameters())
trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
optimizer = torch.optim.AdamW([p for _, p in trained], **OPTIMIZER)
model.train()
output = model(x)
losses, first = [], None
for _ in range(STEPS):
    optimizer.zero_grad()
    loss = ((model(x) - target) ** 2).mean()
    loss.backward()
    first = first or tensors("gradient", [(name, p.grad) for name, p in trained])
    losses.append(loss.item())
    optimizer.step()
all_end = tensors("after", model.named_parameters())
model.eval()
evaluated = model(x)
# as a user saves it: peft's folder, in float32
copy.deepcopy(model).float().save_pretrained(FOLDER / "lora_adapter")
(FOLDER / "lora_adapter" / "README.md").unlink()
merged = model.merge_and_unload()
write(
    "lora",
    {
        "what": "peft LoRA, rank 2, alpha 3, on Conv2d(3, 4, 3, stride 2, padding 1) and Linear(36, 5)",
        "names": {name: list(shape) for name, shape in names.items()},
        "losses": losses,
    },
    {
        **{"input/x": x, "input/target": target},
        **{f"input/enc/{layer}": torch.tensor(words) for layer, words in keys.items()},
        **start,
        **first,
        **tensors("end", trained),
        **all_end,
        "output": output,
        "evaluated": evaluated,
        **{f"merged/{name}": p for name, p in merged.named_parameters()},
    },
)

# as peft kept it before version 0.6
older = FOLDER / "lora_adapter_torch"
older.mkdir(exist_ok=True)
torch.save(load_file(FOLDER / "lora_adapter" / "adapter_model.safetensors"), older / "adapter_model.bin")

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "peft==0.21.2"]
# ///
"""peft's LoRA with masks and initial values of ours (draws.py, squares.py), for oracles that train beside a run (runs.py)."""

import math

import torch
from peft import LoraConfig, get_peft_model

from draws import key_of, uniform
from squares import kept


class Dropout(torch.nn.Module):
    """peft's dropout with given masks, which its user puts here before each pass."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return torch.where(kept(self.words, tuple(x.shape), self.p), x / (1 - self.p), 0.0)


def inside_encoder(layer):
    """How our program reaches a linear layer from its encoder."""
    index, _, part = layer.split(".")[-3:]
    x = "x" if index == "0" else f"x#{int(index) + 1}"
    return f"{x}/forward/" + {
        "q_proj": "x/forward#2/q/forward", "k_proj": "x/forward#2/k/forward", "v_proj": "x/forward#2/v/forward",
        "out_proj": "x/forward#2/forward", "fc1": "forward#2/forward", "fc2": "forward#2/forward#2",
    }[part]


class Clip:
    """The published adapter: all linear layers, those of the text tower too."""

    targets = "all-linear"

    @staticmethod
    def path(layer):
        """How our program reaches an adapted layer from the features of pictures."""
        return "forward#2" if layer == "visual_projection" else f"forward/hidden/forward#3/{inside_encoder(layer)}"


class Siglip:
    """The published adapter: linear layers by their names. torch's attention, in the pooling head, reads the weight and the
    bias of its output projection and passes by the adapter of this layer; the bias trains.
    """

    targets = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]

    @staticmethod
    def path(layer):
        head = {"fc1": "forward/forward/forward#2/forward", "fc2": "forward/forward/forward#2/forward#2"}
        if layer.startswith("vision_model.head."):
            return head[layer.split(".")[-1]]
        return f"forward/hidden/forward#2/{inside_encoder(layer)}"


class Adapter:
    """peft's LoRA over the layers of a tower, with biases. What the loss on pictures does not reach never acts."""

    def __init__(self, seed, model, rank, dropout, tower):
        settings = LoraConfig(
            r=rank, lora_alpha=rank, lora_dropout=dropout, target_modules=tower.targets, bias="lora_only"
        )
        self.model = get_peft_model(model, settings)
        self.tower = tower
        self.dropouts = {}
        with torch.no_grad():
            for name, module in model.named_modules():
                if hasattr(module, "lora_A"):
                    a = module.lora_A["default"].weight
                    bound = 1 / math.sqrt(a.shape[1])
                    place = (key_of(seed, "init", "enc", f"base_model.model.{name}.lora_A.weight"), 0, 0)
                    a.copy_(torch.from_numpy(uniform(tuple(a.shape), place, -bound, bound)))
                    if not unreached(f"{name}.lora_A"):
                        module.lora_dropout["default"] = self.dropouts[name] = Dropout(dropout)

    def draw(self, draws, view):
        """Takes the masks of the features that our program computes at `view`."""
        for layer, dropout in self.dropouts.items():
            dropout.words = draws.words(f"{view}/image_features/{self.tower.path(layer)}/enc/{layer}")

    def trained(self):
        """What a loss on pictures reaches, under our names."""
        everything = self.model.named_parameters()
        return [(ours(key), p) for key, p in everything if p.requires_grad and not unreached(key)]

    def check(self):
        """After training: no gradient came to anything else."""
        trained = {id(p) for _, p in self.trained()}
        assert all(p.grad is None for p in self.model.parameters() if id(p) not in trained)


def unreached(name):
    """What peft would train and the loss on pictures does not depend on."""
    return "text" in name or "head.attention.out_proj.lora" in name


def ours(name):
    """The model and path of a parameter of peft's model."""
    if "lora_" in name:
        return "enc." + name.replace(".default", "")
    return "clip." + name.removeprefix("base_model.model.").replace(".base_layer", "")

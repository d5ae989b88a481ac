"""Bytes that PyTorch keeps for the backward pass of CLIP's vision towers, for one picture:

    python test/bench/saved_activations.py

Needs torch and transformers; measured with torch 2.15.0 and transformers 5.
"""

import torch
from transformers import CLIPVisionConfig, CLIPVisionModel


def saved(batch: int, attention: str, **config: int) -> float:
    config = CLIPVisionConfig(image_size=224, intermediate_size=4 * config["hidden_size"], **config)
    model = CLIPVisionModel._from_config(config, attn_implementation=attention).train()
    own = {t.untyped_storage().data_ptr() for t in [*model.parameters(), *model.buffers()]}
    found: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in own:
            found.setdefault(place, tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(torch.randn(batch, 3, 224, 224)).pooler_output.square().mean()
    assert loss.requires_grad
    return sum(t.untyped_storage().nbytes() for t in found.values()) / batch


sizes = {
    "ViT-S/16": dict(hidden_size=384, num_hidden_layers=12, num_attention_heads=6, patch_size=16),
    "ViT-B/16": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, patch_size=16),
    "ViT-L/14": dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, patch_size=14),
}
for name, config in sizes.items():
    for attention in ("eager", "sdpa"):
        print(f"{name} {attention} {saved(2, attention, **config) / 1e6:.2f} MB")

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""Names and shapes of the real sizes of CLIPModel and UNet2DConditionModel."""

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPConfig, CLIPModel

from fixture import write


def shapes(model):
    return {name: list(p.shape) for name, p in model.named_parameters()}


def real_names():
    """Every parameter of the published sizes, without a number of them in memory."""
    with torch.device("meta"):
        vision_l = {
            "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
            "patch_size": 14,
        }
        text_l = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
        large = CLIPModel(CLIPConfig(text_config=text_l, vision_config=vision_l, projection_dim=768))
        sd_1 = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
        sd_2 = UNet2DConditionModel(
            cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True
        )
    found = {
        "openai_vit_b_32": shapes(CLIPModel(CLIPConfig())),
        "openai_vit_l_14": shapes(large),
        "sd_1_5_unet": shapes(sd_1),
        "sd_2_1_unet": shapes(sd_2),
    }
    write("upstream_names", {name: {"count": sum(torch.Size(s).numel() for s in all.values()), "shapes": all} for name, all in found.items()})


if __name__ == "__main__":
    real_names()

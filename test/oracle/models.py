# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""Small CLIPModel and UNet2DConditionModel: outputs for given weights; names and shapes of the real sizes."""

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from fixture import random_start, weights, write


def features(output):
    """transformers 5 gives the pooled output in place of the tensor of earlier versions."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def clip():
    torch.manual_seed(3)
    text = CLIPTextConfig(
        vocab_size=40, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3,
        max_position_embeddings=9, bos_token_id=38, eos_token_id=39, pad_token_id=0,
    )
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=24, patch_size=8,
    )
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=20)
    model = random_start(CLIPModel(config).eval())
    image = torch.randn(3, 3, 24, 24).double()
    ids = torch.tensor([[38, 5, 7, 39, 0, 0, 0], [38, 39, 0, 0, 0, 0, 0], [38, 3, 9, 11, 2, 6, 39]])
    with torch.no_grad():
        out = model(input_ids=ids, pixel_values=image)
        outputs = {
            "output/image_features": features(model.get_image_features(pixel_values=image)),
            "output/text_features": features(model.get_text_features(input_ids=ids)),
            "output/logits": out.logits_per_image,
            "output/text_hidden": model.text_model(input_ids=ids).last_hidden_state,
        }
    write(
        "clip_model",
        {"what": "transformers CLIPModel: names, shapes, outputs", "text_features": "of the end token"},
        {"input/image": image, "input/ids": ids, **weights("start", model), **outputs},
    )


def unet(name, **changes):
    torch.manual_seed(4)
    settings = {
        "in_channels": 4,
        "out_channels": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "cross_attention_dim": 12,
        "attention_head_dim": (1, 2),
        "norm_num_groups": 4,
        **changes,
    }
    model = random_start(UNet2DConditionModel(**settings).eval())
    x = torch.randn(3, 4, 7, 6).double()
    t = torch.tensor([0, 421, 999])
    context = torch.randn(3, 5, 12).double()
    with torch.no_grad():
        y = model(x, t, context).sample
    write(
        name,
        {"what": "diffusers UNet2DConditionModel: names, shapes, outputs", "settings": settings},
        {"input/x": x, "input/t": t, "input/context": context, **weights("start", model), "output/y": y},
    )


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
    clip()
    unet("unet_linear", use_linear_projection=True)
    unet("unet_conv", layers_per_block=2, block_out_channels=(8, 8, 16), attention_head_dim=(1, 1, 2),
         down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
         up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))
    real_names()

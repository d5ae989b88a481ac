# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""Every parameter of the published sizes, without a number of them in memory: how many, and a digest of all names
and shapes. The configurations are those of the published config.json files."""

import hashlib

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel, UNet2DConditionModel, VQModel
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Dinov2Config,
    Dinov2Model,
    SiglipConfig,
    SiglipModel,
)

from fixture import write

# transformers 5 renames these as it loads a file, and back as it saves one (configs.py reads what it saves)
DINOV2 = (
    (".attention.q_proj.", ".attention.attention.query."),
    (".attention.k_proj.", ".attention.attention.key."),
    (".attention.v_proj.", ".attention.attention.value."),
    (".attention.o_proj.", ".attention.output.dense."),
)


def facts(tensors):
    """Of tensors by name."""
    lines = sorted(f"{name} {','.join(map(str, p.shape))}" for name, p in tensors.items())
    return {
        "count": sum(p.numel() for p in tensors.values()),
        "tensors": len(lines),
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def of(model, renames=()):
    """What a model saves: its parameters, under their names in its file."""

    def name_of(name):
        for new, old in renames:
            name = name.replace(new, old)
        return name

    return facts({name_of(name): p for name, p in model.named_parameters()})


def clip(vision, text, projection_dim):
    return CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=projection_dim))


def siglip(image_size, length):
    tower = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}
    return SiglipModel(SiglipConfig(
        vision_config={**tower, "image_size": image_size, "patch_size": 14},
        text_config={**tower, "max_position_embeddings": length, "projection_size": 1152},
    ))


def unet_2(**changes):
    return UNet2DConditionModel(
        cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True, **changes
    )


def unclip(width):
    return unet_2(class_embed_type="projection", projection_class_embeddings_input_dim=width)


def vae(**changes):
    return AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        block_out_channels=[128, 256, 512, 512], layers_per_block=2, **changes,
    )


def main():
    l_14 = {
        "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
        "patch_size": 14,
    }
    l_text = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
    h_14 = {
        "hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16,
        "patch_size": 14,
    }
    h_text = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
    with torch.device("meta"):
        write("upstream_sizes", {
            "openai_vit_l_14": of(clip(l_14, l_text, 768)),
            "openai_vit_l_14_336": of(clip({**l_14, "image_size": 336}, l_text, 768)),
            "metaclip_l_14": of(clip(l_14, l_text, 768)),
            "metaclip_h_14": of(clip(h_14, h_text, 1024)),
            "siglip_so400m_14_224": of(siglip(224, 16)),
            "siglip_so400m_14_384": of(siglip(384, 64)),
            "dinov2_base": of(Dinov2Model(Dinov2Config(image_size=518)), DINOV2),
            "dinov2_large": of(
                Dinov2Model(Dinov2Config(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, image_size=518)),
                DINOV2,
            ),
            "sd_1_5_text": of(CLIPTextModel(CLIPTextConfig(**l_text))),
            "sd_2_1_text": of(CLIPTextModel(CLIPTextConfig(**{**h_text, "num_hidden_layers": 23}))),
            "sd_xl_text_2": of(CLIPTextModelWithProjection(CLIPTextConfig(
                hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, projection_dim=1280
            ))),
            "sd_1_5_unet": of(UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)),
            "sd_2_1_unet": of(unet_2()),
            "sd_2_1_unclip_small_unet": of(unclip(1536)),
            "sd_2_1_unclip_unet": of(unclip(2048)),
            "sd_xl_unet": of(UNet2DConditionModel(
                down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
                block_out_channels=[320, 640, 1280], cross_attention_dim=2048, attention_head_dim=[5, 10, 20],
                transformer_layers_per_block=[1, 2, 10], use_linear_projection=True, addition_embed_type="text_time",
                addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
            )),
            "sd_vae": of(vae()),
            "flux_vae": of(vae(latent_channels=16, use_quant_conv=False, use_post_quant_conv=False)),
            "amused_vq": of(VQModel(
                down_block_types=["DownEncoderBlock2D"] * 5, up_block_types=["UpDecoderBlock2D"] * 5,
                block_out_channels=[128, 256, 256, 512, 768], layers_per_block=2, latent_channels=64,
                num_vq_embeddings=8192, mid_block_add_attention=False,
            )),
            "genhancer_light": of(FluxTransformer2DModel(num_layers=2, num_single_layers=4, guidance_embeds=True)),
        })


if __name__ == "__main__":
    main()

# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1"]
# ///
"""The configuration files of the classes that the standard library mirrors: with every default written out, and as
save_pretrained writes them for small models of odd sizes, with the names and shapes of these models' parameters."""

import inspect
import json
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import (
    BitImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    Dinov2Config,
    Dinov2Model,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    SiglipTextConfig,
    SiglipVisionConfig,
)

from fixture import write
from sizes import facts

TOWER = {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 2, "num_attention_heads": 3}


def plain(value):
    return json.loads(json.dumps(value, default=str))


def of_transformers(config):
    return plain(config().to_dict())


def of_processor(processor):
    return plain({key: value for key, value in processor().to_dict().items() if key != "resample"}) | {"resample": 3}


def of_diffusers(model):
    parameters = inspect.signature(model.__init__).parameters
    return plain({key: p.default for key, p in parameters.items() if key != "self"}) | {"_class_name": model.__name__}


def saved(model, processor=None):
    """The texts of the files that save_pretrained writes, and what the file of its weights holds, under the names there."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        if processor is not None:
            processor.save_pretrained(folder)
        files = {path.name: path.read_text() for path in sorted(Path(folder).glob("*.json"))}
        (weights,) = Path(folder).glob("*.safetensors")
        return {"files": files, **facts(load_file(weights))}


def main():
    torch.manual_seed(1)
    vision = {**TOWER, "image_size": 30, "patch_size": 6}
    text = {**TOWER, "vocab_size": 50, "max_position_embeddings": 9, "bos_token_id": 48, "eos_token_id": 49, "pad_token_id": 0}
    defaults = {
        "ClipModel": {"config.json": of_transformers(CLIPConfig), "preprocessor_config.json": of_processor(CLIPImageProcessor)},
        "ClipTextModel": {"config.json": of_transformers(CLIPTextConfig)},
        "ClipTextModelWithProjection": {"config.json": of_transformers(CLIPTextConfig)},
        "SiglipModel": {"config.json": of_transformers(SiglipConfig), "preprocessor_config.json": of_processor(SiglipImageProcessor)},
        "Dinov2Model": {"config.json": of_transformers(Dinov2Config), "preprocessor_config.json": of_processor(BitImageProcessor)},
        "UNet2DConditionModel": {"config.json": of_diffusers(UNet2DConditionModel)},
        "AutoencoderKL": {"config.json": of_diffusers(AutoencoderKL)},
        "FluxTransformer2DModel": {"config.json": of_diffusers(FluxTransformer2DModel)},
    }
    small = {
        "ClipModel": saved(
            CLIPModel(CLIPConfig(vision_config=vision, text_config={**text, "hidden_act": "gelu"}, projection_dim=20)),
            CLIPImageProcessor(image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.5, 0.6]),
        ),
        "ClipTextModel": saved(CLIPTextModel(CLIPTextConfig(**text, hidden_act="gelu"))),
        "ClipTextModelWithProjection": saved(CLIPTextModelWithProjection(CLIPTextConfig(**text, projection_dim=14))),
        "SiglipModel": saved(
            SiglipModel(SiglipConfig(
                vision_config=SiglipVisionConfig(**vision).to_dict(),
                text_config=SiglipTextConfig(**TOWER, vocab_size=50, max_position_embeddings=9).to_dict(),
            )),
            SiglipImageProcessor(),
        ),
        "Dinov2Model": saved(
            Dinov2Model(Dinov2Config(
                hidden_size=24, num_hidden_layers=2, num_attention_heads=3, image_size=30, patch_size=6, mlp_ratio=3,
                qkv_bias=False, use_mask_token=False,
            )),
            BitImageProcessor(),
        ),
        "UNet2DConditionModel": saved(UNet2DConditionModel(
            block_out_channels=(8, 16), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), layers_per_block=1, cross_attention_dim=12,
            attention_head_dim=2, norm_num_groups=4, use_linear_projection=True, upcast_attention=True, sample_size=6,
        )),
        "AutoencoderKL": saved(AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, block_out_channels=[8, 16],
            norm_num_groups=4, latent_channels=3, scaling_factor=0.5, shift_factor=0.1, use_quant_conv=False,
        )),
        "FluxTransformer2DModel": saved(FluxTransformer2DModel(
            in_channels=12, num_layers=1, num_single_layers=2, attention_head_dim=10, num_attention_heads=2,
            joint_attention_dim=18, pooled_projection_dim=14, guidance_embeds=True, axes_dims_rope=(2, 4, 4),
        )),
    }
    write("configs", {"defaults": defaults, "small": small})


if __name__ == "__main__":
    main()

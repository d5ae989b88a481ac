# /// script
# requires-python = ">=3.10"
# dependencies = ["diffusers==0.42.1", "protobuf==7.36.2", "sentencepiece==0.2.3", "torch==2.15.0", "transformers==5.24.0"]
# ///
"""The files that upstream looks for in a model's directory, by class: what it opens, and what it asks for and does not find.
Run with transformers 4.51.3 and diffusers 0.33.1 as well; each run writes its own list beside the others."""

import builtins
import json
import os
import tempfile
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import (
    AutoencoderKL, DDPMScheduler, DiffusionPipeline, FluxTransformer2DModel, StableDiffusionPipeline, UNet2DConditionModel,
)
from transformers import (
    AutoImageProcessor, AutoProcessor, AutoTokenizer, BitImageProcessor, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig,
    CLIPTextModel, CLIPTextModelWithProjection, Dinov2Config, Dinov2Model, SiglipConfig, SiglipImageProcessor, SiglipModel,
)

from fixture import FOLDER

SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
TOKENIZERS = json.loads((FOLDER / "tokenizers.json").read_text())
asked = set()
root = None


def watch(module, name):
    plain = getattr(module, name)

    def watched(path, *args, **kwargs):
        if root and isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(root):
            asked.add(os.path.relpath(os.fspath(path), root))
        return plain(path, *args, **kwargs)

    setattr(module, name, watched)


def files_asked(folder, *readers):
    """What is looked for by all readers together; one that fails has looked all the same."""
    global root
    asked.clear()
    root = str(folder)
    for read in readers:
        try:
            read(folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"  {read}: {str(error)[:90]}")
    root = None
    names = {name for name in asked if not name.startswith("..") and (folder / name).suffix not in ("", ".bin", ".h5", ".msgpack", ".py", ".safetensors")}
    return sorted(name for name in names if not name.endswith(".index.json") and "pytorch_model" not in name)


def tokenizer_into(folder, name):
    import base64

    for file, text in TOKENIZERS[name]["files"].items():
        (folder / file).write_bytes(base64.b64decode(text) if file.endswith(".model") else text.encode())


def main():
    for module, name in ((builtins, "open"), (os.path, "isfile"), (os.path, "exists")):
        watch(module, name)
    top = Path(tempfile.mkdtemp())
    lists = {}
    vision = {**SMALL, "image_size": 8, "patch_size": 4}
    clip_text = CLIPTextConfig(**SMALL, vocab_size=603, projection_dim=8)
    models = {
        "CLIPModel": (CLIPModel(CLIPConfig(text_config=clip_text.to_dict(), vision_config=vision, projection_dim=8)), CLIPImageProcessor(), "clip_1"),
        "CLIPTextModel": (CLIPTextModel(clip_text), None, "clip_1"),
        "CLIPTextModelWithProjection": (CLIPTextModelWithProjection(clip_text), None, "clip_1"),
        "SiglipModel": (SiglipModel(SiglipConfig(text_config={**SMALL, "vocab_size": 130}, vision_config=vision)), SiglipImageProcessor(), "siglip"),
        "Dinov2Model": (Dinov2Model(Dinov2Config(**vision)), BitImageProcessor(), None),
    }
    for name, (model, pictures, tokenizer) in models.items():
        folder = top / name
        model.save_pretrained(folder)
        readers = [type(model).from_pretrained]
        if pictures:
            pictures.save_pretrained(folder)
            readers += [AutoImageProcessor.from_pretrained, AutoProcessor.from_pretrained]
        if tokenizer:
            tokenizer_into(folder, tokenizer)
            readers.append(AutoTokenizer.from_pretrained)
        lists[name] = files_asked(folder, *readers)
    unet = UNet2DConditionModel(
        block_out_channels=(8, 8), layers_per_block=1, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=4,
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=8, attention_head_dim=2, sample_size=8,
    )
    vae = AutoencoderKL(block_out_channels=(8,), norm_num_groups=4)
    tokenizer_into_folder = top / "tokenizer"
    tokenizer_into_folder.mkdir()
    tokenizer_into(tokenizer_into_folder, "clip_1")
    pipeline = StableDiffusionPipeline(
        vae=vae, unet=unet, text_encoder=models["CLIPTextModel"][0], tokenizer=AutoTokenizer.from_pretrained(tokenizer_into_folder),
        scheduler=DDPMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )
    pipeline.save_pretrained(top / "pipeline")
    lists["StableDiffusionPipeline"] = files_asked(top / "pipeline", DiffusionPipeline.from_pretrained)
    lists["UNet2DConditionModel"] = files_asked(top / "pipeline" / "unet", UNet2DConditionModel.from_pretrained)
    lists["AutoencoderKL"] = files_asked(top / "pipeline" / "vae", AutoencoderKL.from_pretrained)
    flux = FluxTransformer2DModel(
        num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=8, pooled_projection_dim=8,
        in_channels=4, axes_dims_rope=(4, 4, 8),
    )
    flux.save_pretrained(top / "flux")
    lists["FluxTransformer2DModel"] = files_asked(top / "flux", FluxTransformer2DModel.from_pretrained)
    path = FOLDER / "directory_files.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    versions = f"transformers {transformers.__version__}, diffusers {diffusers.__version__}"
    path.write_text(json.dumps({**known, versions: lists}, indent=1, sort_keys=True) + "\n")
    print(versions, json.dumps(lists, indent=1))


if __name__ == "__main__":
    torch.manual_seed(0)
    main()

# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2",
# ]
# ///
"""What transformers, diffusers and peft make of a run's exports. Three steps, the second one ours:

    python test/oracle/export.py make       # small models as save_pretrained writes them: fixtures/export/source
    npx tsx test/tools/export-fixture.ts export    # a run from them; its exports: fixtures/export/exported
    python test/oracle/export.py load       # loads these with from_pretrained and records what they compute
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModel, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig, CLIPTokenizer, CLIPVisionConfig

from fixture import FOLDER, write

ROOT = FOLDER / "export"
SOURCE, EXPORTED = ROOT / "source", ROOT / "exported"
SIZE = 12


def make():
    shutil.rmtree(SOURCE, ignore_errors=True)
    torch.manual_seed(8)
    text = CLIPTextConfig(
        vocab_size=11, hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=7, bos_token_id=9, eos_token_id=10, pad_token_id=10,
    )
    vision = CLIPVisionConfig(
        hidden_size=20, intermediate_size=28, num_hidden_layers=2, num_attention_heads=2, image_size=SIZE, patch_size=4,
    )
    clip = CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=6))
    clip.save_pretrained(SOURCE / "clip")
    CLIPImageProcessor(size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}).save_pretrained(SOURCE / "clip")
    words = ["a", "b", "a</w>", "b</w>", "ab", "ab</w>", "!", "?", ".", "<|startoftext|>", "<|endoftext|>"]
    (ROOT / "words.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (ROOT / "merges.txt").write_text("#version: 0.2\na b\na b</w>\n")
    tokenizer = CLIPTokenizer(str(ROOT / "words.json"), str(ROOT / "merges.txt"))
    tokenizer.save_pretrained(SOURCE / "clip")
    for file in ("words.json", "merges.txt"):
        (ROOT / file).unlink()
    vae = AutoencoderKL(
        block_out_channels=[8, 12], layers_per_block=1, norm_num_groups=4, latent_channels=2,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
    )
    vae.save_pretrained(SOURCE / "vae")


def features(model, image):
    output = model.get_image_features(pixel_values=image)
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def load():
    facts, tensors = {}, {}
    clip, info = AutoModel.from_pretrained(EXPORTED / "clip", output_loading_info=True)
    facts["clip"] = {"class": type(clip).__name__, **{key: sorted(map(str, value)) for key, value in info.items()}}
    facts["tokenizer"] = CLIPTokenizer.from_pretrained(EXPORTED / "clip")("ab a?")["input_ids"]
    processor = CLIPImageProcessor.from_pretrained(EXPORTED / "clip")
    vae, info = AutoencoderKL.from_pretrained(EXPORTED / "vae", output_loading_info=True)
    facts["vae"] = {"class": type(vae).__name__, **{key: sorted(map(str, value)) for key, value in info.items()}}

    # models that never had a folder: what is written of them is all that there is
    for name, kind in {
        "new_clip": AutoModel, "new_text": AutoModel, "new_siglip": AutoModel, "new_dinov2": AutoModel,
        "new_vae": AutoencoderKL, "new_unet": UNet2DConditionModel,
    }.items():
        model, info = kind.from_pretrained(EXPORTED / name, output_loading_info=True)
        facts[name] = {"class": type(model).__name__, **{key: sorted(map(str, value)) for key, value in info.items()}}

    torch.manual_seed(9)
    pixels = torch.rand(7, 3, SIZE, SIZE)
    mean, std = (torch.tensor(v)[:, None, None] for v in (processor.image_mean, processor.image_std))
    image = (pixels - mean) / std
    with torch.no_grad():
        merged = features(clip.eval(), image)
        # the adapter alone, on the model that the run started from
        start = CLIPModel.from_pretrained(SOURCE / "clip").eval()
        before = features(start, image)
        adapted = PeftModel.from_pretrained(start, EXPORTED / "enc").eval()
        with safe_open(EXPORTED / "enc" / "adapter_model.safetensors", "pt") as file:
            names = sorted(file.keys())
        loaded = adapted.state_dict()
        facts["enc"] = {
            "names": names,
            "absent": [n for n in names if n.replace("_A.weight", "_A.default.weight").replace("_B.weight", "_B.default.weight") not in loaded],
            "targets": sorted(adapted.peft_config["default"].target_modules),
            "layers": sum("lora_A" in name for name, _ in adapted.named_parameters()),
        }
        with_adapter = features(adapted, image)
    facts["what"] = "image features by what a run exported, loaded by transformers and peft"
    facts["moved"] = ((merged - before).norm() / before.norm()).item()
    tensors = {"pixels": pixels, "merged": merged, "adapted": with_adapter, "before": before}
    write("export", facts, tensors)


{"make": make, "load": load}[sys.argv[1]]()

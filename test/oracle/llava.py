# /// script
# requires-python = ">=3.10"
# dependencies = ["transformers==5.24.0", "torch"]
# ///
"""Puts a small CLIP that dcrc exported into a LLaVA of random weights, as docs/mllm.md does: llava.py EXPORT."""

import sys
import tempfile

import torch
from transformers import (
    CLIPModel,
    CLIPVisionModel,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

export = sys.argv[1]
whole = CLIPModel.from_pretrained(export, dtype=torch.float32)
vision = whole.config.vision_config
patches = (vision.image_size // vision.patch_size) ** 2
picture_token, words = 63, 64
torch.manual_seed(0)
language = LlamaConfig(
    vocab_size=words,
    hidden_size=16,
    intermediate_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=2,
)
llava = LlavaForConditionalGeneration(
    LlavaConfig(
        vision_config=vision,
        text_config=language,
        image_token_index=picture_token,
        vision_feature_layer=-2,
        image_seq_length=patches,
    )
).eval()
picture = torch.randn(1, 3, vision.image_size, vision.image_size)
question = torch.tensor([[1] + [picture_token] * patches + [5]])


def answer(model):
    with torch.no_grad():
        return model(input_ids=question, pixel_values=picture).logits


before = answer(llava)
encoder = CLIPVisionModel.from_pretrained(export, dtype=torch.float32)
print(llava.model.vision_tower.load_state_dict(encoder.state_dict()))
with tempfile.TemporaryDirectory() as folder:
    llava.save_pretrained(folder)
    tuned = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
with torch.no_grad():
    read = tuned.model.vision_tower(picture, output_hidden_states=True).hidden_states[-2]
    exported = whole.eval().vision_model(picture, output_hidden_states=True).hidden_states[-2]
print("the layer that LLaVA reads is off by", (read - exported).abs().max().item())
print("its answers change by", (answer(tuned) - before).abs().max().item())

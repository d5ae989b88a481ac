# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2", "pillow==13.0.0"]
# ///
"""DIVA's training step (diva.py) with the conditions of its other towers; beside test/parity/methods/diva-metaclip.dcr
and diva-siglip.dcr. Both add the mean of the prompt to every token. Under MetaCLIP these are the class token and all
patch tokens, under SigLIP the pooled features and the means of neighbouring tokens, none of them projected.
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import SiglipConfig, SiglipModel, SiglipTextConfig, SiglipVisionConfig

from diva import SEED, Run, follow
from fixture import FOLDER, random_start, write
from runs import save, start_linear

STEPS, WINDOW = 8, 3


class Other(Run):
    def context(self, prompt, tokens):
        return prompt.mean(1, keepdim=True) + tokens


class MetaClip(Other):
    def tokens(self, small, draws, path):
        hidden = self.clip.vision_model(pixel_values=small).last_hidden_state
        return self.clip.visual_projection(self.clip.vision_model.post_layernorm(hidden))


def make_siglip():
    """Of width 24, that of its features too."""
    vision = SiglipVisionConfig(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=16, patch_size=4
    )
    text = SiglipTextConfig(
        vocab_size=20, hidden_size=24, intermediate_size=36, num_hidden_layers=1, num_attention_heads=4,
        max_position_embeddings=7,
    )
    return SiglipModel(SiglipConfig(text_config=text.to_dict(), vision_config=vision.to_dict())).eval()


class Siglip(Other):
    def __init__(self):
        super().__init__()
        torch.manual_seed(71)
        self.clip = random_start(make_siglip()).float()
        self.clip.requires_grad_(False)
        self.visual_proj = nn.Linear(24, 24)
        start_linear(SEED, "visual_proj", "", self.visual_proj)

    def tokens(self, small, draws, path):
        out = self.clip.vision_model(pixel_values=small)
        means = F.avg_pool1d(out.last_hidden_state.transpose(1, 2), kernel_size=WINDOW, stride=WINDOW).transpose(1, 2)
        return torch.cat([out.pooler_output[:, None], means], 1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    (FOLDER / "diva").mkdir(exist_ok=True)
    metaclip, siglip = MetaClip(), Siglip()
    save("diva", "siglip", siglip.clip)
    towers = {
        "metaclip": (metaclip, ("clip.visual_projection", metaclip.clip.visual_projection)),
        "siglip": (siglip,),
    }
    for name, (run, *more) in towers.items():
        parts = [("clip.vision_model", run.clip.vision_model), *more, ("visual_proj", run.visual_proj)]
        facts, tensors = follow(run, parts, STEPS)
        what = f"DIVA's condition for {name}, {STEPS} steps of 2 micro-batches of 3"
        write(f"diva-{name}", {"what": what, "seed": SEED, "tune": facts}, tensors)
        print(facts)

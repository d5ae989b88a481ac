# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0", "torchvision==0.30.0", "safetensors==0.8.0", "open_clip_torch==3.3.0", "timm", "ftfy"]
# ///
"""A small CLIP of open_clip: its weights under its names, which are OpenAI's, and what it makes of pictures and texts. The same
weights as torch keeps them, behind a wrapper and with the sizes that OpenAI's files hold; as a traced program in half
precision, which is what OpenAI publishes; in a checkpoint of open_clip's training beside an optimizer."""

import copy

import open_clip
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from safetensors.torch import save_file

from fixture import FOLDER, random_start, write

torch.manual_seed(5)
model = CLIP(
    embed_dim=5, quick_gelu=True,
    vision_cfg=CLIPVisionCfg(layers=2, width=12, head_width=6, patch_size=4, image_size=8, mlp_ratio=2.0),
    text_cfg=CLIPTextCfg(context_length=7, vocab_size=30, width=8, heads=2, layers=2, mlp_ratio=2.0),
)
model = random_start(model).float().eval()
pictures = torch.randn(3, 3, 8, 8)
ids = torch.randint(1, 28, (4, 7))
ids[:, 5] = 29
with torch.no_grad():
    tensors = {"image": pictures, "ids": ids, "image_features": model.encode_image(pictures), "text_features": model.encode_text(ids)}
    logits = model.logit_scale.exp() * torch.nn.functional.normalize(tensors["image_features"]) @ torch.nn.functional.normalize(tensors["text_features"]).T
write("openai_clip", {"open_clip": open_clip.__version__}, {**tensors, "logits": logits})
folder = FOLDER / "openai_clip"
folder.mkdir(exist_ok=True)
state = {name: tensor.detach().clone().contiguous() for name, tensor in model.state_dict().items()}
save_file(state, folder / "open_clip.safetensors")
sizes = {"input_resolution": torch.tensor(8), "context_length": torch.tensor(7), "vocab_size": torch.tensor(30)}
torch.save({f"module.{name}": tensor for name, tensor in {**state, **sizes}.items()}, folder / "wrapped.pt")

program = copy.deepcopy(model)
for name, size in sizes.items():
    program.__dict__.pop(name, None)
    program.register_buffer(name, size)
traced = torch.jit.trace(program, (pictures, ids), check_trace=False)
traced.half().save(str(folder / "program.pt"))
halves = {name: tensor.contiguous() for name, tensor in traced.state_dict().items() if name in state}
assert halves.keys() == state.keys()
save_file(halves, folder / "program.safetensors")
optimizer = torch.optim.AdamW([model.visual.proj])
model.visual.proj.grad = torch.ones_like(model.visual.proj)
optimizer.step()
moments = optimizer.state_dict()
wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
torch.save({"epoch": 3, "name": "run", "state_dict": wrapped, "optimizer": moments}, folder / "epoch_3.pt")

print(len(state), sorted(state)[:3])

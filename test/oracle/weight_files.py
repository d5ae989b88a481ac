"""Weights as torch, transformers and diffusers save them, in every form that is read, and their values.

    python test/oracle/weight_files.py

torch 2.9.1, transformers 5.23.0, diffusers 0.42.1, safetensors 0.8.0. Writes test/oracle/fixtures/weights/; the values
of each folder are those of `values.safetensors` in it, float32 and without gaps.
"""

import builtins
import json
import os
import shutil
from collections import OrderedDict
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

FOLDER = Path(__file__).parent / "fixtures" / "weights"


def fresh(name):
    folder = FOLDER / name
    folder.mkdir(parents=True)
    return folder


def values(folder, tensors):
    """What torch itself reads, to compare with."""
    floats = {k: (v.float() if v.is_floating_point() else v) for k, v in tensors.items()}
    save_file({k: v.detach().clone().contiguous() for k, v in floats.items()}, folder / "values.safetensors")


def clip():
    torch.manual_seed(5)
    text = CLIPTextConfig(
        vocab_size=40, hidden_size=12, intermediate_size=20, num_hidden_layers=1, num_attention_heads=3,
        max_position_embeddings=9, bos_token_id=38, eos_token_id=39, pad_token_id=0,
    )
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, image_size=24, patch_size=8,
    )
    return CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=10)).eval()


def autoencoder():
    torch.manual_seed(6)
    return AutoencoderKL(
        block_out_channels=(8,), down_block_types=("DownEncoderBlock2D",), up_block_types=("UpDecoderBlock2D",),
        layers_per_block=1, latent_channels=3, norm_num_groups=4, sample_size=16,
    ).eval()


def saved_clip():
    model = clip()
    whole = fresh("clip")
    model.save_pretrained(whole)
    values(whole, model.state_dict())

    sharded = fresh("clip-sharded")
    model.save_pretrained(sharded, max_shard_size="12KB")
    assert len(list(sharded.glob("model-*.safetensors"))) > 2

    half = fresh("clip-half")
    model.half().save_pretrained(half)
    values(half, model.state_dict())


def saved_torch():
    """pytorch_model.bin as transformers before version 5 wrote it: torch.save of the state dict."""
    model = clip()
    state = model.state_dict()
    whole = fresh("clip-bin")
    # a buffer that files of those versions hold
    state["vision_model.embeddings.position_ids"] = torch.arange(10).expand((1, -1))
    torch.save(state, whole / "pytorch_model.bin")

    parts = fresh("clip-bin-sharded")
    names = sorted(model.state_dict())
    files = {name: f"pytorch_model-0000{1 + (i >= len(names) // 2)}-of-00002.bin" for i, name in enumerate(names)}
    for file in set(files.values()):
        torch.save({n: model.state_dict()[n] for n in names if files[n] == file}, parts / file)
    index = {"metadata": {"total_size": 1}, "weight_map": files}
    (parts / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")


def saved_autoencoder():
    model = autoencoder()
    now = fresh("vae")
    model.save_pretrained(now)
    values(now, model.state_dict())

    # as diffusers before 0.17 named the attention, and as its conversion scripts left 1x1 convolutions
    older = {}
    for name, tensor in model.state_dict().items():
        for new, old in [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")]:
            if f"attentions.0.{new}." in name:
                name = name.replace(new, old)
                if name.startswith("decoder") and tensor.ndim == 2:
                    tensor = tensor[:, :, None, None]
        older[name] = tensor
    before = fresh("vae-older")
    torch.save(older, before / "diffusion_pytorch_model.bin")


def laid_out():
    """Storages that are shared, transposed, cut, repeated, of every type; a parameter; an OrderedDict with metadata."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8 - 1
    cube = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5) * 0.5
    state = OrderedDict(
        base=base,
        transposed=base.T,
        same=base,
        row=base[2],
        column=base[:, 3],
        every_other=base[::2, 1::2],
        permuted=cube.permute(2, 0, 1),
        repeated=base[:1].expand(3, 6),
        channels_last=torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5).to(memory_format=torch.channels_last),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 4),
        parameter=torch.nn.Parameter(base * 3),
        half=(base / 3).half(),
        half_transposed=(base / 3).half().T,
        brain=(base / 3).bfloat16(),
        double=base.double() / 3,
        ids=torch.arange(6).reshape(2, 3).T,
        mask=torch.tensor([True, False, True]),
        bytes=torch.arange(5, dtype=torch.uint8),
        ints=torch.arange(5, dtype=torch.int32),
    )
    state._metadata = OrderedDict({"": {"version": 1}})
    folder = fresh("layouts")
    torch.save(state, folder / "protocol2.pt")
    torch.save(state, folder / "protocol4.pt", pickle_protocol=4)
    values(folder, {k: v.clone(memory_format=torch.contiguous_format) for k, v in state.items()})


class Command:
    def __reduce__(self):
        return os.system, ("echo executed > executed",)


class Plain:
    pass


def refused():
    """What is not read: each would run or make something, or is written in another way."""
    folder = fresh("refused")

    tensor = torch.zeros(2)
    torch.save({"weight": Command()}, folder / "system.bin")
    torch.save({"weight": tensor, "config": Plain()}, folder / "object.bin")
    torch.save({"weight": tensor, "run": builtins.eval}, folder / "eval.bin")
    torch.save({"weight": tensor}, folder / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"state_dict": {"weight": tensor}, "epoch": 3}, folder / "checkpoint.bin")
    torch.save(torch.nn.Linear(2, 2), folder / "module.bin")
    torch.save({"weight": torch.zeros(2, 2).to_sparse()}, folder / "sparse.bin")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "script.pt"))


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    saved_clip()
    saved_torch()
    saved_autoencoder()
    laid_out()
    refused()
    print(sum(p.stat().st_size for p in FOLDER.rglob("*") if p.is_file()), "bytes")

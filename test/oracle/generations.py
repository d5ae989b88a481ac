"""A small text encoder and adapters on it, as two generations of transformers and peft save them.

Each generation writes what is its own, as `save_pretrained` leaves it: run it with Python of both,

    python -m venv old && old/bin/pip install torch==2.7.1 transformers==4.51.3 peft==0.15.2 safetensors==0.8.0
    python -m venv new && new/bin/pip install torch==2.15.0 transformers==5.24.0 peft==0.21.2 safetensors==0.8.0
    old/bin/python test/oracle/generations.py make old && new/bin/python test/oracle/generations.py make new

`load FOLDER` loads a merged model (`text`), and an adapter (`enc`) beside what it was trained on (`base`), that a run
exported, and prints what they compute: `text` and `adapted` are equal in both generations.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

ROOT = Path(__file__).parent / "fixtures" / "generations"
IDS = torch.tensor([[38, 3, 5, 39, 39, 39, 39], [38, 7, 39, 39, 39, 39, 39]])


def encoder():
    config = CLIPTextConfig(
        vocab_size=40, hidden_size=8, intermediate_size=12, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=7, bos_token_id=38, eos_token_id=39, pad_token_id=39, projection_dim=6,
    )
    return CLIPTextModel(config).eval()


def randomise(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for _, p in sorted(model.named_parameters(), key=lambda named: named[0].removeprefix("text_model.")):
            p.copy_(torch.randn_like(p) * 0.3)
    return model


def pooled(model):
    with torch.no_grad():
        return model(input_ids=IDS).pooler_output.contiguous()


def make(generation):
    folder = ROOT / generation
    model = randomise(encoder(), 3)
    model.save_pretrained(folder / "text_encoder")
    values = {"plain": pooled(model)}
    adapters = {
        "adapter": LoraConfig(r=2, lora_alpha=3, target_modules=["q_proj", "v_proj"]),
        "rooted": LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], use_rslora=True),
    }
    for name, config in adapters.items():
        adapted = get_peft_model(randomise(encoder(), 3), config)
        torch.manual_seed(5)
        with torch.no_grad():
            for key, p in adapted.named_parameters():
                if "lora_" in key:
                    p.copy_(torch.randn_like(p))
        adapted.save_pretrained(folder / name, safe_serialization=name == "adapter")
        (folder / name / "README.md").unlink(missing_ok=True)
        values[name] = pooled(adapted.eval())
    save_file(values, folder / "pooled.safetensors")


def load(folder):
    facts = {}
    text, info = CLIPTextModel.from_pretrained(folder / "text", output_loading_info=True)
    facts["problems"] = {key: sorted(map(str, value)) for key, value in info.items() if value}
    facts["text"] = pooled(text.eval()).flatten().tolist()
    adapted = PeftModel.from_pretrained(CLIPTextModel.from_pretrained(folder / "base").eval(), folder / "enc").eval()
    facts["adapted"] = pooled(adapted).flatten().tolist()
    facts["layers"] = sorted(
        name.split("encoder.")[-1] for name, _ in adapted.named_modules() if name.endswith(".lora_A")
    )
    print(json.dumps(facts))


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    make(argument) if what == "make" else load(Path(argument))

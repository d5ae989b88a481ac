"""What `npm run suite:upstream` asks of a generation of upstream's libraries; nothing here names another.

    make FOLDER    saves small models, adapters and tokenizers as `save_pretrained` does, each with inputs and what it computes
    load FOLDER    loads our exports of them, and says which keys were missing or left over and how far values lie apart
"""

import base64
import contextlib
import io
import json
import sys
import warnings
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel, UNet2DConditionModel, VQModel
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoTokenizer, CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, Dinov2Config,
    Dinov2Model, SiglipConfig, SiglipImageProcessor, SiglipModel,
)

warnings.filterwarnings("ignore")

TOWER = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3}
PICTURES = {**TOWER, "image_size": 12, "patch_size": 4}
TEXTS = {**TOWER, "vocab_size": 40, "max_position_embeddings": 7}
MARKS = {"bos_token_id": 38, "eos_token_id": 39, "pad_token_id": 39}
BLOCKS = {
    "in_channels": 4, "out_channels": 4, "layers_per_block": 1, "cross_attention_dim": 12, "norm_num_groups": 4, "block_out_channels": (4, 8),
    "attention_head_dim": (2, 1),
}
CROSS_FIRST = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
CROSS_LAST = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}


def clip():
    text = CLIPTextConfig(**TEXTS, **MARKS, projection_dim=20)
    return CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=PICTURES, projection_dim=20))


def unet(**changes):
    return UNet2DConditionModel(**{**BLOCKS, **changes})


def flux():
    return FluxTransformer2DModel(
        in_channels=12, num_layers=1, num_single_layers=2, attention_head_dim=10, num_attention_heads=2, joint_attention_dim=14,
        pooled_projection_dim=9, guidance_embeds=True, axes_dims_rope=(2, 4, 4),
    )


MODELS = {
    "clip": clip,
    "clip_text": lambda: CLIPTextModel(CLIPTextConfig(**TEXTS, **MARKS)),
    "clip_text_projection": lambda: CLIPTextModelWithProjection(CLIPTextConfig(**TEXTS, **MARKS, projection_dim=10)),
    "siglip": lambda: SiglipModel(SiglipConfig(text_config={**TEXTS, "projection_size": 24}, vision_config=PICTURES)),
    "dinov2": lambda: Dinov2Model(Dinov2Config(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, mlp_ratio=2, image_size=12, patch_size=4)),
    "unet_1": lambda: unet(**CROSS_FIRST),
    "unet_2": lambda: unet(**CROSS_LAST, use_linear_projection=True),
    "unet_xl": lambda: unet(
        **CROSS_LAST, use_linear_projection=True, transformer_layers_per_block=(1, 2), addition_embed_type="text_time",
        addition_time_embed_dim=6, projection_class_embeddings_input_dim=46,
    ),
    "unet_unclip": lambda: unet(**CROSS_FIRST, use_linear_projection=True, class_embed_type="projection", projection_class_embeddings_input_dim=14),
    "autoencoder": lambda: AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, block_out_channels=(4, 8), layers_per_block=1,
        norm_num_groups=2, latent_channels=3,
    ),
    "vq": lambda: VQModel(
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, block_out_channels=(4, 8), layers_per_block=1,
        norm_num_groups=2, latent_channels=3, num_vq_embeddings=11, vq_embed_dim=5, mid_block_add_attention=False,
    ),
    "flux": flux,
}
ADAPTERS = {
    "clip_lora": ("clip", {"r": 2, "lora_alpha": 3, "target_modules": r".*vision_model\.encoder.*(q_proj|v_proj|fc1)", "bias": "lora_only"}),
    "clip_patterns": ("clip", {
        "r": 3, "lora_alpha": 5, "target_modules": r".*vision_model\.encoder.*(q_proj|fc1)", "bias": "all", "modules_to_save": ["visual_projection"],
        "rank_pattern": {"fc1": 2}, "alpha_pattern": {"layers.1.mlp.fc1": 7},
    }),
    "clip_text_lora": ("clip_text", {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj"], "use_rslora": True}),
    "unet_lora": ("unet_1", {"r": 2, "lora_alpha": 3, "target_modules": r"mid_block.*(to_q|to_v|conv1)"}),
}


def pooled(output):
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def packed(x):
    b, c, h, w = x.shape
    return x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, h // 2 * (w // 2), c * 4)


def unpacked(x, h, w):
    b, _, c = x.shape
    return x.view(b, h // 2, w // 2, c // 4, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(b, c // 4, h, w)


def flux_velocity(model, x, t, context, pooled, guidance):
    h, w = x.shape[2:]
    ids = torch.zeros(h // 2, w // 2, 3)
    ids[..., 1], ids[..., 2] = torch.arange(h // 2)[:, None], torch.arange(w // 2)[None, :]
    out = model(packed(x), context, pooled, t, img_ids=ids.reshape(-1, 3), txt_ids=torch.zeros(context.shape[1], 3), guidance=guidance)
    return unpacked(out.sample, h, w)


def inputs_of(name):
    draw = torch.Generator().manual_seed(9)
    normal = lambda *shape: torch.randn(*shape, generator=draw)
    latent = {"x": normal(2, 4, 6, 8), "t": torch.tensor([3, 807]), "context": normal(2, 5, 12)}
    ids = torch.tensor([[38, 3, 5, 39, 39, 39, 39], [38, 7, 39, 39, 39, 39, 39]])
    return {
        "clip": {"image": normal(2, 3, 12, 12), "ids": ids}, "clip_text": {"ids": ids}, "clip_text_projection": {"ids": ids},
        "siglip": {"image": normal(2, 3, 12, 12), "ids": ids}, "dinov2": {"image": normal(2, 3, 12, 12)}, "unet_1": latent, "unet_2": latent,
        "unet_xl": {**latent, "text_embeds": normal(2, 10), "time_ids": torch.tensor([[224, 224, 0, 0, 224, 224], [5, 7, 1, 2, 3, 4]])},
        "unet_unclip": {**latent, "labels": normal(2, 14)}, "autoencoder": {"image": normal(2, 3, 8, 6), "latent": normal(2, 3, 4, 3)},
        "vq": {"image": normal(2, 3, 8, 6)},
        "flux": {
            "x": normal(2, 3, 6, 4), "t": torch.tensor([0.25, 0.875]), "context": normal(2, 3, 14), "pooled": normal(2, 9),
            "guidance": torch.tensor([1.0, 0.375]),
        },
    }[name]


def outputs_of(name, model, given):
    """By the names of the functions that our pipeline exports. The angles of flux are large: float64, which transformers 4.51
    cannot do for texts."""
    if name != "flux":
        return computed(name, model.float(), given)
    double = {k: v.double() for k, v in given.items()}
    return {k: v.float() for k, v in computed(name, model.double(), double).items()}


def computed(name, m, g):
    with torch.no_grad():
        if name in ("clip", "siglip"):
            return {
                "image_features": pooled(m.get_image_features(pixel_values=g["image"])),
                "text_features": pooled(m.get_text_features(input_ids=g["ids"])),
            }
        if name == "clip_text":
            return {"pooled": m(input_ids=g["ids"]).pooler_output}
        if name == "clip_text_projection":
            return {"pooled": m(input_ids=g["ids"]).text_embeds}
        if name == "dinov2":
            return {"pooled": m(pixel_values=g["image"]).pooler_output}
        if name == "autoencoder":
            return {"mean": m.encode(g["image"]).latent_dist.mean, "decoded": m.decode(g["latent"]).sample}
        if name == "vq":
            return {"latents": m.encode(g["image"]).latents}
        if name == "flux":
            return {"y": flux_velocity(m, **g)}
        more = {}
        if "labels" in g:
            more["class_labels"] = g["labels"]
        if "time_ids" in g:
            more["added_cond_kwargs"] = {"text_embeds": g["text_embeds"], "time_ids": g["time_ids"]}
        return {"y": m(g["x"], g["t"], g["context"], **more).sample}


def made(name):
    """The same values at each call."""
    torch.manual_seed(4)
    model = MODELS[name]().float().eval()
    with torch.no_grad():
        for _, p in model.named_parameters():
            p.add_(0.2 * torch.randn_like(p))
    return model


def keep(folder, given, results):
    save_file({k: v.contiguous() for k, v in given.items()}, folder / "inputs.safetensors")
    save_file({k: v.contiguous() for k, v in results.items()}, folder / "outputs.safetensors")


def make(root):
    for name in MODELS:
        folder = root / name
        model = made(name)
        model.save_pretrained(folder / "source")
        if name in ("clip", "siglip"):
            (CLIPImageProcessor() if name == "clip" else SiglipImageProcessor()).save_pretrained(folder / "source")
        given = inputs_of(name)
        keep(folder, given, outputs_of(name, model, given))
    for name, (base, config) in ADAPTERS.items():
        folder = root / name
        model = made(base)
        model.save_pretrained(folder / "source")
        if base == "clip":
            CLIPImageProcessor().save_pretrained(folder / "source")
        adapted = get_peft_model(model, LoraConfig(**config))
        torch.manual_seed(6)
        with torch.no_grad():
            for _, p in adapted.named_parameters():
                if p.requires_grad:
                    p.add_(0.1 * torch.randn_like(p))
        adapted.eval().save_pretrained(folder / "adapter")
        # peft before 0.17 does not save the biases of its layers
        loaded = PeftModel.from_pretrained(made(base), folder / "adapter").eval()
        given = inputs_of(base)
        keep(folder, given, outputs_of(base, loaded.base_model.model, given))
    tokenizers(root)


def tokenizers(root):
    saved = json.loads((Path(__file__).parent / "fixtures" / "tokenizers.json").read_text())
    texts = saved.pop("texts")
    found = {}
    for name, case in saved.items():
        folder = root / "tokenizers" / name
        folder.mkdir(parents=True)
        for file, text in case["files"].items():
            (folder / file).write_bytes(base64.b64decode(text) if file.endswith(".model") else text.encode())
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            found[name] = [tokenizer(text, padding="max_length", truncation=True, max_length=case["length"]).input_ids for text in texts]
        except Exception as error:  # whatever a generation makes of a directory that the other one saved
            found[name] = str(error).splitlines()[0][:100]
    (root / "tokenizers.json").write_text(json.dumps(found))


def apart(results, folder):
    wanted = load_file(folder / "outputs.safetensors")
    return max(((results[k].float() - v).abs().max() / v.abs().max()).item() for k, v in wanted.items())


def load(root):
    report = {}
    for name in [*MODELS, *ADAPTERS]:
        base, _ = ADAPTERS.get(name, (name, None))
        folder = root / name
        if not (folder / "export").exists():
            continue
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            model, info = type(MODELS[base]()).from_pretrained(folder / "export" / "net", output_loading_info=True)
        keys = {key: sorted(map(str, value)) for key, value in info.items() if value and key != "error_msgs"}
        report[name] = {"keys": keys, "apart": apart(outputs_of(base, model.eval(), inputs_of(base)), folder)}
        if name in ADAPTERS:
            plain = made(base)
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                adapted = PeftModel.from_pretrained(plain, folder / "export" / "enc").eval()
            missing = [str(w.message)[:200] for w in told if "missing" in str(w.message).lower()]
            results = outputs_of(base, adapted.base_model.model, inputs_of(base))
            report[f"{name}: peft"] = {"keys": {"missing": missing} if missing else {}, "apart": apart(results, folder)}
    (root / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    {"make": make, "load": load}[sys.argv[1]](Path(sys.argv[2]))

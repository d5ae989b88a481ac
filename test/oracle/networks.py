# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0", "transformers==5.23.0", "diffusers==0.42.1", "peft==0.21.2"]
# ///
"""Small networks of transformers and diffusers: outputs for given weights, and the gradients of one random
functional of each with respect to its inputs and to all weights; for LoRA by peft, with respect to its factors."""

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel, UNet2DConditionModel, VQModel
from peft import LoraConfig, get_peft_model
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    Dinov2Config,
    Dinov2Model,
    SiglipConfig,
    SiglipModel,
    SiglipTextConfig,
    SiglipVisionConfig,
)

from fixture import random_start, write


def features(output):
    """transformers 5 gives the pooled output in place of the tensor of earlier versions."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


def normal(*shape):
    """A float32 value, computed with in float64."""
    return torch.randn(*shape).double()


def record(name, model, inputs, outputs, rename=lambda name: name):
    """`outputs` are functions of the inputs; the gradient of <output, weight> is taken for every float input and
    every parameter that it reaches."""
    tensors = {f"input/{key}": value.detach().clone() for key, value in inputs.items()}
    for key, value in inputs.items():
        if value.dtype.is_floating_point:
            value.requires_grad_()
    functional = 0.0
    for key, compute in outputs.items():
        y = compute(**inputs)
        if not y.dtype.is_floating_point:
            tensors[f"output/{key}"] = y
            continue
        weight = normal(*y.shape)
        tensors[f"input/weight_{key}"] = weight
        tensors[f"output/{key}"] = y
        functional = functional + (y * weight).sum()
    functional.backward()
    for key, value in inputs.items():
        if value.dtype.is_floating_point:
            tensors[f"gradient/{key}"] = value.grad
    for key, p in model.named_parameters():
        tensors[f"start/{rename(key)}"] = p
        if p.grad is not None:
            tensors[f"weight_gradient/{rename(key)}"] = p.grad
    write(name, {"what": f"{type(model).__name__}: outputs and gradients"}, tensors)


def siglip():
    torch.manual_seed(11)
    vision = SiglipVisionConfig(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, image_size=19, patch_size=6,
    )
    text = SiglipTextConfig(
        vocab_size=30, hidden_size=24, intermediate_size=36, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=7, projection_size=24,
    )
    model = random_start(SiglipModel(SiglipConfig(text_config=text.to_dict(), vision_config=vision.to_dict())).eval())
    record(
        "siglip",
        model,
        {"image": normal(3, 3, 19, 19), "ids": torch.randint(0, 30, (4, 7))},
        {
            "image_features": lambda image, ids: features(model.get_image_features(pixel_values=image)),
            "text_features": lambda image, ids: features(model.get_text_features(input_ids=ids)),
            "logits": lambda image, ids: model(pixel_values=image, input_ids=ids).logits_per_image,
            "local_features": lambda image, ids: model.vision_model(pixel_values=image).last_hidden_state,
        },
    )


def clip_text():
    torch.manual_seed(12)
    config = CLIPTextConfig(
        vocab_size=40, hidden_size=24, intermediate_size=48, num_hidden_layers=3, num_attention_heads=3,
        max_position_embeddings=9, hidden_act="gelu", projection_dim=10, bos_token_id=38, eos_token_id=39, pad_token_id=0,
    )
    model = random_start(CLIPTextModelWithProjection(config).eval())
    ids = torch.tensor([[38, 5, 7, 39, 0, 0, 0], [38, 39, 0, 0, 0, 0, 0]])
    attends = torch.tensor([[1, 1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]])
    record(
        "clip_text",
        model,
        {"ids": ids, "attends": attends},
        {
            "features": lambda ids, attends: model(input_ids=ids).text_embeds,
            "hidden": lambda ids, attends: model(input_ids=ids, attention_mask=attends).last_hidden_state,
            "penultimate": lambda ids, attends: model(input_ids=ids, output_hidden_states=True).hidden_states[-2],
        },
    )


def clip_text_1():
    """The text encoder of Stable Diffusion 1: the end token fills up too, and nothing is hidden."""
    torch.manual_seed(17)
    config = CLIPTextConfig(
        vocab_size=40, hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=9, bos_token_id=38, eos_token_id=39, pad_token_id=39,
    )
    model = random_start(CLIPTextModel(config).eval())
    ids = torch.tensor([[38, 5, 7, 39, 39, 39, 39], [38, 39, 39, 39, 39, 39, 39]])
    record(
        "clip_text_1",
        model,
        {"ids": ids},
        {
            "hidden": lambda ids: model(input_ids=ids).last_hidden_state,
            "pooled": lambda ids: model(input_ids=ids).pooler_output,
        },
    )


CLIP_TEXT = {
    "vocab_size": 40, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3,
    "max_position_embeddings": 9, "bos_token_id": 38, "eos_token_id": 39, "pad_token_id": 0,
}
CLIP_VISION = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 24,
    "patch_size": 8,
}


def small_clip():
    return CLIPModel(CLIPConfig(
        text_config=CLIPTextConfig(**CLIP_TEXT).to_dict(), vision_config=CLIPVisionConfig(**CLIP_VISION).to_dict(),
        projection_dim=20,
    ))


def clip():
    torch.manual_seed(3)
    model = random_start(small_clip().eval())
    record(
        "clip",
        model,
        {
            "image": normal(3, 3, 24, 24),
            "ids": torch.tensor([[38, 5, 7, 39, 0, 0, 0], [38, 39, 0, 0, 0, 0, 0], [38, 3, 9, 11, 2, 6, 39]]),
        },
        {
            "image_features": lambda image, ids: features(model.get_image_features(pixel_values=image)),
            "text_features": lambda image, ids: features(model.get_text_features(input_ids=ids)),
            "logits": lambda image, ids: model(input_ids=ids, pixel_values=image).logits_per_image,
            "text_hidden": lambda image, ids: model.text_model(input_ids=ids).last_hidden_state,
            # As DIVA takes patch tokens: normalised and projected like the class token.
            "local_features": lambda image, ids: model.visual_projection(
                model.vision_model.post_layernorm(model.vision_model(pixel_values=image).last_hidden_state[:, 1:])
            ),
        },
    )


def adapted(model, targets):
    """peft's LoRA with rank 2, alpha 3 and the biases, without dropout; its factors away from 0, so that every
    gradient is there."""
    adapter = get_peft_model(
        model, LoraConfig(r=2, lora_alpha=3, lora_dropout=0.0, target_modules=targets, bias="lora_only")
    )
    with torch.no_grad():
        for name, p in adapter.named_parameters():
            if "lora_" in name:
                p.normal_(std=0.3)
    return adapter.float().double()


def named_as_ours(name):
    """`enc.` before peft's names of factors, `net.` before the model's of its own parameters."""
    if "lora_" in name:
        return "enc." + name.replace(".default", "")
    return "net." + name.removeprefix("base_model.model.").replace(".base_layer", "")


def clip_lora():
    """As published: all linear layers, also those of the text tower, which no loss reaches."""
    torch.manual_seed(18)
    model = adapted(random_start(small_clip().eval()), "all-linear")
    for name, p in model.named_parameters():
        p.requires_grad_(p.requires_grad and "text_" not in name)
    record(
        "clip_lora",
        model,
        {"image": normal(3, 3, 24, 24)},
        {"image_features": lambda image: features(model.base_model.model.get_image_features(pixel_values=image))},
        named_as_ours,
    )


def unet_lora():
    """All linear layers and convolutions of a UNet."""
    torch.manual_seed(19)
    model = random_start(UNet2DConditionModel(
        in_channels=4, out_channels=4, layers_per_block=1, cross_attention_dim=12, norm_num_groups=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(4, 8), attention_head_dim=(2, 1),
    ).eval())
    layers = [n for n, m in model.named_modules() if isinstance(m, (torch.nn.Linear, torch.nn.Conv2d))]
    model = adapted(model, layers)
    record(
        "unet_lora",
        model,
        {"x": normal(2, 4, 7, 6), "t": torch.tensor([3, 807]), "context": normal(2, 5, 12)},
        {"y": lambda x, t, context: model(x, t, context).sample},
        named_as_ours,
    )


def dinov2():
    torch.manual_seed(13)
    config = Dinov2Config(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, mlp_ratio=2, image_size=20, patch_size=4,
        layerscale_value=0.7,
    )
    model = random_start(Dinov2Model(config).eval())

    def published(name):
        """The names in the published files, which transformers 5 renames as it loads them."""
        for new, old in (
            (".attention.q_proj.", ".attention.attention.query."),
            (".attention.k_proj.", ".attention.attention.key."),
            (".attention.v_proj.", ".attention.attention.value."),
            (".attention.o_proj.", ".attention.output.dense."),
        ):
            name = name.replace(new, old)
        return name

    record(
        "dinov2",
        model,
        {"image": normal(2, 3, 20, 20), "other": normal(2, 3, 28, 15)},
        {
            "pooled": lambda image, other: model(pixel_values=image).pooler_output,
            "tokens": lambda image, other: model(pixel_values=other).last_hidden_state,
        },
        published,
    )


def autoencoder(name, **changes):
    torch.manual_seed(14)
    model = AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
        block_out_channels=(4, 8, 8), layers_per_block=1, norm_num_groups=2, latent_channels=3, **changes,
    )
    model = random_start(model.eval())
    record(
        name,
        model,
        {"image": normal(2, 3, 14, 9), "latent": normal(2, 3, 3, 2), "n": normal(2, 3, 3, 2)},
        {
            "mean": lambda image, latent, n: model.encode(image).latent_dist.mean,
            "sample": lambda image, latent, n: (lambda d: d.mean + d.std * n)(model.encode(image).latent_dist),
            "decoded": lambda image, latent, n: model.decode(latent).sample,
        },
    )


def plain(model, x, t, context):
    return model(x, t, context).sample


def unet(name, inputs, forward, size=(3, 7, 6), **changes):
    torch.manual_seed(15)
    model = UNet2DConditionModel(**{
        "in_channels": 4, "out_channels": 4, "layers_per_block": 1, "cross_attention_dim": 12, "norm_num_groups": 4,
        **changes,
    })
    model = random_start(model.eval())
    n, h, w = size
    common = {"x": normal(n, 4, h, w), "t": torch.tensor([0, 421, 999])[-n:], "context": normal(n, 5, 12)}
    record(name, model, {**common, **inputs}, {"y": lambda **given: forward(model, **given)})


def unet_linear():
    unet(
        "unet_linear", {}, plain, use_linear_projection=True, block_out_channels=(8, 16), attention_head_dim=(1, 2),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )


def unet_conv():
    unet(
        "unet_conv", {}, plain, layers_per_block=2, block_out_channels=(8, 8, 16), attention_head_dim=(1, 1, 2),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    )


def unet_28():
    """The blocks of Stable Diffusion 2.1 at its latents of 224 pixels: 28, 14, 7, 4 and back."""
    unet(
        "unet_28", {}, plain, size=(1, 28, 28), block_out_channels=(4, 4, 8, 8), attention_head_dim=(1, 2, 4, 4),
        use_linear_projection=True, norm_num_groups=2,
    )


def unet_xl():
    """Transformers of several depths, none in the outermost block, and the added conditions of XL."""
    unet(
        "unet_xl",
        {"text_embeds": normal(3, 10), "time_ids": torch.tensor([[224, 224, 0, 0, 224, 224], [5, 7, 1, 2, 3, 4], [64, 32, 0, 8, 16, 16]])},
        lambda model, x, t, context, text_embeds, time_ids: model(
            x, t, context, added_cond_kwargs={"text_embeds": text_embeds, "time_ids": time_ids}
        ).sample,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(4, 8), attention_head_dim=(1, 2), transformer_layers_per_block=(1, 2),
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=6,
        projection_class_embeddings_input_dim=46,
    )


def unet_unclip():
    unet(
        "unet_unclip",
        {"labels": normal(3, 14)},
        lambda model, x, t, context, labels: model(x, t, context, class_labels=labels).sample,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(4, 8), attention_head_dim=(2, 1), use_linear_projection=True,
        class_embed_type="projection", projection_class_embeddings_input_dim=14,
    )


def packed(x):
    """FluxPipeline._pack_latents."""
    b, c, h, w = x.shape
    return x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, h // 2 * (w // 2), c * 4)


def unpacked(x, h, w):
    b, _, c = x.shape
    return x.view(b, h // 2, w // 2, c // 4, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(b, c // 4, h, w)


def flux():
    torch.manual_seed(16)
    model = FluxTransformer2DModel(
        in_channels=12, num_layers=1, num_single_layers=2, attention_head_dim=10, num_attention_heads=2,
        joint_attention_dim=14, pooled_projection_dim=9, guidance_embeds=True, axes_dims_rope=(2, 4, 4),
    )
    model = random_start(model.eval())
    h, w = 6, 4
    ids = torch.zeros(h // 2, w // 2, 3)
    ids[..., 1] = torch.arange(h // 2)[:, None]
    ids[..., 2] = torch.arange(w // 2)[None, :]
    ids = ids.reshape(-1, 3)

    def velocity(x, t, context, pooled, guidance):
        out = model(
            packed(x), context, pooled, t, img_ids=ids, txt_ids=torch.zeros(context.shape[1], 3), guidance=guidance
        )
        return unpacked(out.sample, h, w)

    record(
        "flux",
        model,
        {
            "x": normal(2, 3, h, w), "t": torch.tensor([0.25, 0.875]).double(), "context": normal(2, 3, 14),
            "pooled": normal(2, 9), "guidance": torch.tensor([1.0, 0.375]).double(),
        },
        {"y": velocity},
    )


def vq():
    torch.manual_seed(20)
    model = VQModel(
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, block_out_channels=(4, 8),
        layers_per_block=1, norm_num_groups=2, latent_channels=3, num_vq_embeddings=11, vq_embed_dim=5,
        mid_block_add_attention=False,
    )
    model = random_start(model.eval())
    with torch.no_grad():
        model.quantize.embedding.weight.copy_(torch.randn(11, 5))
    ids = torch.randint(0, 11, (2, 12))

    def decoded(image, ids):
        latents = model.quantize.embedding(ids).transpose(1, 2).reshape(2, 5, 4, 3)
        return model.decode(latents, force_not_quantize=True).sample

    record(
        "vq",
        model,
        {"image": normal(2, 3, 8, 6), "ids": ids},
        {
            "latents": lambda image, ids: model.encode(image).latents,
            "decoded": decoded,
            "indices": lambda image, ids: model.quantize(model.encode(image).latents)[2][2].reshape(2, 12),
        },
    )


class PerceiverLayer(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        for name in ("norm_x", "norm_context", "norm_mlp"):
            setattr(self, name, torch.nn.LayerNorm(width))
        for name in ("to_q", "to_k", "to_v", "to_out"):
            setattr(self, name, torch.nn.Linear(width, width))
        self.fc1, self.fc2 = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x, context, seen):
        def split(t):
            return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        read = self.norm_context(context)
        y = torch.nn.functional.scaled_dot_product_attention(
            split(self.to_q(self.norm_x(x))), split(self.to_k(read)), split(self.to_v(read)), attn_mask=seen
        )
        x = x + self.to_out(y.transpose(1, 2).flatten(2))
        return x + self.fc2(torch.nn.functional.gelu(self.fc1(self.norm_mlp(x))))


class TokenPredictor(torch.nn.Module):
    def __init__(self, count, length, width, heads, depth):
        super().__init__()
        self.token_embedding, self.position_embedding = torch.nn.Embedding(count, width), torch.nn.Embedding(length, width)
        self.mask_token = torch.nn.Parameter(torch.randn(width))
        self.layers = torch.nn.ModuleList(PerceiverLayer(width, heads) for _ in range(depth))
        self.norm, self.head = torch.nn.LayerNorm(width), torch.nn.Linear(width, count)

    def forward(self, ids, hidden, condition):
        x = self.token_embedding(ids)
        x = torch.where(hidden[..., None], self.mask_token, x) + self.position_embedding.weight
        context = torch.cat([x, condition[:, None]], 1)
        seen = torch.cat([~hidden, torch.ones(len(ids), 1, dtype=torch.bool)], 1)[:, None, None]
        for layer in self.layers:
            x = layer(x, context, seen)
        return self.head(self.norm(x))


def perceiver():
    """GenHancer's discrete form as proposed here, in plain torch; the loss is the mean over hidden places, by picture."""
    torch.manual_seed(22)
    model = random_start(TokenPredictor(9, 6, 12, 3, 2))
    hides = torch.tensor([[1, 0, 1, 1, 0, 0], [0, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 1]])

    def loss(ids, hides, condition):
        surprise = torch.nn.functional.cross_entropy(model(ids, hides == 1, condition).transpose(1, 2), ids, reduction="none")
        return torch.stack([s[h == 1].mean() for s, h in zip(surprise, hides)]).mean()[None]

    record(
        "perceiver",
        model,
        {"ids": torch.randint(0, 9, (3, 6)), "hides": hides, "condition": normal(3, 12)},
        {"logits": lambda ids, hides, condition: model(ids, hides == 1, condition), "loss": loss},
    )


if __name__ == "__main__":
    clip()
    clip_lora()
    clip_text()
    clip_text_1()
    siglip()
    dinov2()
    autoencoder("autoencoder")
    autoencoder("autoencoder_bare", use_quant_conv=False, use_post_quant_conv=False)
    unet_linear()
    unet_conv()
    unet_28()
    unet_xl()
    unet_unclip()
    unet_lora()
    flux()
    vq()
    perceiver()

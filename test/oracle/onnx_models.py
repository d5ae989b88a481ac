# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "onnx==1.22.0", "onnxscript==0.5.6", "onnx-ir==0.1.12", "safetensors==0.8.0", "transformers==5.23.0"]
# ///
"""Small networks as ONNX files by both of torch's exporters, with outputs and gradients in float64.

The loss is sum(output * r) over the outputs, r random. A gradient stands under the name of its initializer, transposed
where the exporter wrote the weight so. The legacy exporter folds batch normalization into the weights before it; such a
weight is no parameter of the module and has no gradient here.
"""

import copy
import math
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from fixture import FOLDER, random_start, train, weights, write

warnings.filterwarnings("ignore")


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(6)
        self.layers = nn.ModuleList([nn.Linear(6, 12), nn.Linear(12, 5)])
        self.scale = nn.Parameter(torch.rand(5))

    def forward(self, x):
        x = self.layers[0](self.norm(x))
        return torch.softmax(self.layers[1](F.gelu(x)) * self.scale, -1)


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.SiLU(),
            nn.Conv2d(8, 8, 3, padding=1, groups=4, bias=False),
            nn.Dropout(0.1),
            nn.Tanh(),
        )
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = self.body(x)
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = F.pad(x, (1, 0, 0, 1))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.fc1, self.fc2 = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

    def forward(self, x):
        b, n, d = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(y.transpose(1, 2).reshape(b, n, d))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class Vit(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.patch = nn.Conv2d(3, d, 4, stride=4)
        self.cls = nn.Parameter(0.1 * torch.randn(1, 1, d))
        self.position = nn.Parameter(0.1 * torch.randn(1, 5, d))
        self.blocks = nn.ModuleList([Block(d, 2) for _ in range(2)])
        self.norm = nn.LayerNorm(d)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 0], x[:, 1:].mean(1)


class ClipVision(nn.Module):
    def __init__(self):
        super().__init__()
        config = CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=8,
            patch_size=4,
            projection_dim=6,
        )
        self.model = CLIPVisionModelWithProjection(config)

    def forward(self, pixel_values):
        out = self.model(pixel_values)
        return out.image_embeds, out.last_hidden_state


def export(module, x, path, outputs, dynamo):
    inputs = ["pixels"]
    if dynamo:
        program = torch.onnx.export(
            module, (x,), input_names=inputs, output_names=outputs, dynamo=True, optimize=True, verbose=False, opset_version=18,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
        model = program.model_proto
    else:
        torch.onnx.export(
            module, (x,), path, input_names=inputs, output_names=outputs, dynamo=False, opset_version=17,
            dynamic_axes={name: {0: "batch"} for name in [*inputs, *outputs]},
        )
        model = onnx.load(path)
    # what exporters write beside the graph: their own paths, and shapes of values between
    del model.metadata_props[:]
    del model.graph.value_info[:]
    model.graph.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return model


def gradients_by_initializer(model, module):
    """Per float initializer with axes: the gradient of the parameter that it holds, as it lies there or transposed."""
    found = {}
    for t in model.graph.initializer:
        value = onnx.numpy_helper.to_array(t)
        if value.dtype != np.float32 or value.ndim == 0:
            continue
        for p in module.parameters():
            p64, g = p.detach().float().numpy(), p.grad
            if p64.shape == value.shape and np.array_equal(p64, value):
                found[t.name] = g
            elif p64.ndim == 2 and p64.T.shape == value.shape and np.array_equal(p64.T, value):
                found[t.name] = g.T
    return found


def fixture(name, build, shape, outputs, dynamo):
    torch.manual_seed(7)
    module = random_start(build().eval())
    for buffer_name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand_like(buffer).float().double() + 0.5)
    single = copy.deepcopy(module).float()
    model = export(single, torch.randn(2, *shape), str(FOLDER / f"{name}.onnx"), outputs, dynamo)
    x = torch.randn(3, *shape).double().requires_grad_()
    results = module(x)
    results = results if isinstance(results, tuple) else (results,)
    factors = [torch.randn_like(y) for y in results]
    sum((y * r).sum() for y, r in zip(results, factors)).backward()
    tensors = {"pixels": x, "gradient/pixels": x.grad}
    for output, y, r in zip(outputs, results, factors):
        tensors |= {f"output/{output}": y, f"weight/{output}": r}
    for key, g in gradients_by_initializer(model, module).items():
        tensors[f"initializer/{key}"] = g
    size = Path(FOLDER / f"{name}.onnx").stat().st_size
    write(name, {"bytes": size, "outputs": outputs, "nodes": len(model.graph.node)}, tensors)


def fine_tuning(steps=12):
    """AdamW on the exported CLIP tower, whose image embedding is read as logits of six classes."""
    torch.manual_seed(7)
    module = random_start(ClipVision().eval())
    torch.manual_seed(11)
    images, digits = torch.randn(8, 3, 8, 8).double(), torch.randint(0, 6, (8,))
    losses, _ = train(
        module, lambda: F.cross_entropy(module(images)[0], digits), steps, lr=0.003, eps=1e-5, weight_decay=0.01
    )
    tensors = {"images": images, "digits": digits, **weights("tuned", module)}
    write("onnx_tuning", {"losses": losses}, tensors)


def refused():
    """Two files that must be refused: operators that no training graph has, and data outside of the folder."""
    helper, kind = onnx.helper, onnx.TensorProto
    x, y = (helper.make_tensor_value_info(name, kind.FLOAT, ["n", 3]) for name in "xy")
    nodes = [
        helper.make_node("Bernoulli", ["x"], ["a"], name="/noise/Bernoulli"),
        helper.make_node("FancyNorm", ["a"], ["b"], name="/norm/FancyNorm", domain="example.custom"),
        helper.make_node("Add", ["a", "b"], ["y"], name="/Add"),
    ]
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("example.custom", 1)]
    graph = helper.make_graph(nodes, "g", [x], [y])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.save(model, str(FOLDER / "onnx_unsupported.onnx"))

    weight = kind(name="w", data_type=kind.FLOAT, dims=[3], data_location=kind.EXTERNAL)
    weight.external_data.add(key="location", value="../secrets/key.bin")
    graph = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=opsets[:1], ir_version=8)
    (FOLDER / "onnx_outside.onnx").write_bytes(model.SerializeToString())


def main():
    assert math.isclose(F.gelu(torch.tensor(1.0)).item(), 0.8413447, rel_tol=1e-6)
    for exporter, dynamo in (("legacy", False), ("dynamo", True)):
        fixture(f"onnx_mlp_{exporter}", Mlp, (6,), ["probabilities"], dynamo)
        fixture(f"onnx_conv_{exporter}", Convolutions, (3, 8, 8), ["logits"], dynamo)
        fixture(f"onnx_vit_{exporter}", Vit, (3, 8, 8), ["token", "patches"], dynamo)
        fixture(f"onnx_clip_{exporter}", ClipVision, (3, 8, 8), ["image_embeds", "last_hidden_state"], dynamo)
    fine_tuning()
    refused()


if __name__ == "__main__":
    main()

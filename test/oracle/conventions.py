# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.15.0"]
# ///
"""Values and gradients at kinks, zeros, ties and infinities, as PyTorch has them on the CPU. A case is an expression of
the language, what torch has for it, its arguments, and the gradient of the sum of its entries, each weighted by its
place (1, 2, ...). What is not finite is written as a text."""

import math

import torch
from expression_cases import case as expression_case, write_cases
from torch.nn import functional as F

inf, nan = math.inf, math.nan
CASES = []


def case(*arguments, **settings):
    CASES.append(expression_case(*arguments, **settings))


ends = [-inf, -1.0, 0.0, 2.0, inf]
case("relu(x)", torch.relu, ends)
case("abs(x)", torch.abs, ends)
case("sign(x)", torch.sign, ends)
case("leaky_relu(x, 0.1)", lambda x: F.leaky_relu(x, 0.1), [-2.0, 0.0, 2.0])
case("prelu(x, y)", F.prelu, [-2.0, 0.0, 2.0], [0.25])
case("elu(x, 0.5)", lambda x: F.elu(x, 0.5), [-1.0, 0.0, 1.0])
case("selu(x)", F.selu, [-1.0, 0.0, 1.0])
case("celu(x, 0.5)", lambda x: F.celu(x, 0.5), [-1.0, 0.0, 1.0])
case("thresholded_relu(x, 1.0)", lambda x: F.threshold(x, 1.0, 0.0), [0.5, 1.0, 1.5])
case("hard_swish(x)", F.hardswish, [-4.0, -3.0, -1.0, 0.0, 3.0, 4.0])
case("hard_sigmoid(x, 1.0 / 6.0, 0.5)", F.hardsigmoid, [-4.0, -3.0, 0.0, 3.0, 4.0])
case("clip(x, -1.0, 1.0)", lambda x: torch.clamp(x, -1.0, 1.0), [-inf, -2.0, -1.0, 0.0, 1.0, 2.0, inf])
case("maximum(x, y)", torch.maximum, [1.0, 2.0, 0.0, inf, -inf], [2.0, 2.0, 0.0, inf, 0.0])
case("minimum(x, y)", torch.minimum, [1.0, 2.0, 0.0, inf, -inf], [2.0, 2.0, 0.0, inf, 0.0])
case("sqrt(x)", torch.sqrt, [0.0, 4.0, inf])
case("log(x)", torch.log, [0.0, 1.0, inf])
case("x ** y", torch.pow, [0.0, 0.0, 2.0, 0.0], [2.0, 0.0, 3.0, 0.5])
case("x ** 2.0", lambda x: x**2.0, [-1.0, 0.0, 2.0])
case("x ** 0.5", lambda x: x**0.5, [0.0, 4.0])
case("x ** 0.0", lambda x: x**0.0, [nan, 0.0, inf], derive=False)
case("x ** y", torch.pow, [1.0, nan, -1.0], [nan, 0.0, inf], derive=False)
case("x / y", torch.div, [1.0, -1.0, 0.0], [0.0, 0.0, 2.0])
case("max(x, axis = 1)", lambda x: torch.amax(x, 1), [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [-inf, -inf, -inf]])
case("min(x, axis = 1)", lambda x: torch.amin(x, 1), [[1.0, 1.0, 3.0], [2.0, 2.0, 2.0], [inf, inf, inf]])
case("max(x)", torch.amax, [1.0, 4.0, 4.0])
case("max(x, axis = 0)", lambda x: torch.amax(x, 0), [[inf, 1.0], [nan, 2.0]], derive=False)
case("min(x, axis = 0)", lambda x: torch.amin(x, 0), [[nan, 1.0], [-inf, 2.0]], derive=False)
case("max(x, axis = 1)", lambda x: torch.amax(x, 1), [[inf, nan], [nan, 1.0]], derive=False)
case("maximum(x, y)", torch.maximum, [nan, 1.0, inf], [1.0, nan, nan], derive=False)
case("relu(x)", torch.relu, [nan, 1.0], derive=False)
case("clip(x, -1.0, 1.0)", lambda x: torch.clamp(x, -1.0, 1.0), [nan, 3.0], derive=False)
case("softmax(x, axis = 1)", lambda x: torch.softmax(x, 1), [[0.0, -inf, 1.0], [-inf, -inf, -inf]], derive=False)
case("softmax(x, axis = 1)", lambda x: torch.softmax(x, 1), [[0.0, -inf, 1.0]])
case("logsumexp(x, 1)", lambda x: torch.logsumexp(x, 1), [[1.0, 1.0], [0.0, -inf], [1000.0, 1000.0]])
case(
    "logsumexp(x, 1)",
    lambda x: torch.logsumexp(x, 1),
    [[-inf, -inf], [0.0, inf], [inf, inf], [-inf, inf], [nan, 0.0]],
    derive=False,
)
case("norm(x)", torch.linalg.vector_norm, [0.0, 0.0, 0.0])
case("norm(x, axis = 1)", lambda x: torch.linalg.vector_norm(x, dim=1), [[0.0, 0.0], [3.0, 4.0]])
case("unit(x)", lambda x: F.normalize(x, dim=-1, eps=1e-8), [[0.0, 0.0], [3.0, 4.0]])
case(
    "cosine(x, y, -1)",
    lambda x, y: F.cosine_similarity(x, y, dim=-1),
    [[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]],
    [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]],
)


def penalty(x, w):
    (slope,) = torch.autograd.grad(torch.relu(x * w).sum(), x, create_graph=True)
    return (torch.linalg.vector_norm(slope, dim=1) - 1) ** 2


case(
    "square(norm(grad(sum(relu(x * y)), x), axis = 1) - 1.0)",
    penalty,
    [[-1.0, -2.0], [1.0, 2.0], [0.0, 3.0]],
    [[0.5, 2.0]],
)
case("prod(x, axis = 1)", lambda x: torch.prod(x, 1), [[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]])


write_cases("conventions", CASES)

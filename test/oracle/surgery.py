# /// script
# requires-python = ">=3.10"
# dependencies = ["torch==2.9.1", "numpy==2.4.6", "safetensors==0.8.0"]
# ///
"""PCGrad, MGDA and CAGrad of small gradients in NumPy, float64, each written from its paper and solved otherwise than
in std.surgery: MGDA by trying every face of the simplex, CAGrad by projected gradient steps."""

from itertools import combinations

import numpy as np

from fixture import write


def pcgrad(g, orders):
    """Yu et al. 2020, algorithm 1; orders[i] lists all tasks in the order in which task i meets them."""
    total = np.zeros_like(g[0])
    for i, order in enumerate(orders):
        own = g[i].copy()
        for j in order:
            if j != i and own @ g[j] < 0:
                own -= (own @ g[j]) / (g[j] @ g[j]) * g[j]
        total += own
    return total


def mgda(g):
    """The shortest vector of the convex hull: on each face the solution of the linear system, the best feasible one."""
    best = None
    for size in range(1, len(g) + 1):
        for face in combinations(range(len(g)), size):
            m = g[list(face)] @ g[list(face)].T
            system = np.block([[2 * m, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
            w = np.linalg.lstsq(system, np.append(np.zeros(size), 1), rcond=None)[0][:size]
            v = w @ g[list(face)]
            if (w >= -1e-12).all() and (best is None or v @ v < best @ best):
                best = v
    return best


def simplex(v):
    """The nearest point of the simplex (Duchi et al. 2008)."""
    u = np.sort(v)[::-1]
    shift = (np.cumsum(u) - 1) / np.arange(1, len(v) + 1)
    return np.maximum(v - shift[u > shift][-1], 0)


def cagrad(g, c):
    """Liu et al. 2021, algorithm 1."""
    g0 = g.mean(axis=0)
    root = c * np.linalg.norm(g0)
    m = g @ g.T
    w = np.full(len(g), 1 / len(g))
    rate = 0.2 / np.linalg.norm(m, 2)
    for _ in range(200_000):
        w = simplex(w - rate * (g @ g0 + root * (m @ w) / np.linalg.norm(w @ g)))
    gw = w @ g
    return g0 + root / np.linalg.norm(gw) * gw


random = np.random.default_rng(11)
cases = []
for n in [2, 2, 3, 3, 5]:
    g = (random.normal(size=(n, 6)) + 0.3 * random.normal(size=6)).round(3)
    uniform = random.uniform(size=(n, n)).round(4)
    orders = np.argsort(-uniform, axis=1)
    cases.append({
        "gradients": g.tolist(),
        "uniform": uniform.tolist(),
        "pcgrad": pcgrad(g, [range(n)] * n).tolist(),
        "pcgrad_shuffled": pcgrad(g, orders).tolist(),
        "mgda": mgda(g).tolist(),
        "c": 0.4,
        "cagrad": cagrad(g, 0.4).tolist(),
    })
write("surgery", {"cases": cases})

# /// script
# requires-python = ">=3.10"
# dependencies = ["scikit-learn==1.9.1", "numpy"]
# ///
"""Neighbours and logistic regression by scikit-learn on made-up rows: writes fixtures/probes.json."""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(21)
classes, d = 4, 5
centres = random.normal(size=(classes, d))


def rows(n):
    label = random.integers(0, classes, n)
    return (centres[label] + 0.9 * random.normal(size=(n, d)) + [3, 0, 0, 0, 0]).round(3), label * 3


train, train_label = rows(150)
test, test_label = rows(80)

knn = {}
for k in (1, 5, 20):
    model = KNeighborsClassifier(k, metric="cosine", algorithm="brute").fit(train, train_label)
    knn[k] = float(model.score(test, test_label))
weigh = lambda distance: np.exp(-distance / 0.07)
model = KNeighborsClassifier(20, metric="cosine", algorithm="brute", weights=weigh).fit(train, train_label)
knn["tempered"] = float(model.score(test, test_label))

linear = {}
for l2 in (1.0, 1e-2, 1e-4):
    for standardise in (False, True):
        scaler = StandardScaler().fit(train) if standardise else None
        x, y = (scaler.transform(v) if scaler else v for v in (train, test))
        model = LogisticRegression(C=1 / (l2 * len(train)), tol=1e-10, max_iter=100_000).fit(x, train_label)
        linear[f"{l2} {standardise}"] = {
            "l2": l2, "standardise": standardise,
            "accuracy": float(model.score(y, test_label)),
            "loss": float(log_loss(test_label, model.predict_proba(y))),
        }

result = {
    "train": train.tolist(), "train_label": train_label.tolist(), "test": test.tolist(), "test_label": test_label.tolist(),
    "knn": knn, "linear": list(linear.values()),
}
path = Path(__file__).parent / "fixtures" / "probes.json"
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(knn, linear)

"""Multinomial logistic regression by scikit-learn on small features, for test/model/probing/linear.test.ts.

    pip install scikit-learn==1.9.1 numpy
    python scripts/reference/logistic_regression.py

Writes fixtures/probing/logistic.json.
"""

import json
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = pathlib.Path(__file__).resolve().parents[2]
rng = np.random.default_rng(7)
labels = np.arange(60) % 3
centres = rng.normal(size=(3, 5))
features = (centres[labels] + rng.normal(size=(60, 5))).round(3) * [1, 10, 0.1, 1, 1] + [0, 5, 0, 0, -3]
features[:, 4] = -3  # one that does not vary
features = features.round(4)

fits = []
for c in (0.01, 1, 100):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, tol=1e-10, max_iter=10000)).fit(features, labels)
    fits.append({"c": c, "probabilities": model.predict_proba(features).round(7).tolist()})

path = ROOT / "fixtures/probing/logistic.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps({"features": features.tolist(), "labels": labels.tolist(), "fits": fits}) + "\n")

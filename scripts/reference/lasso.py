"""Non-negative lassos by scikit-learn, for the sums of concepts of coca explain.

    python lasso.py fixtures/golden/lasso/lasso.json

40 random unit vectors in 12 dimensions, a target near a sum of three of them, and for several penalties the weights that
minimise |y - X w|^2 / 2 + penalty * sum(w), w >= 0. Needs numpy and scikit-learn; a tool for developers, not a part of the program.
"""

import json
import sys

import numpy as np
from sklearn.linear_model import Lasso

random = np.random.default_rng(7)
concepts = random.normal(size=(40, 12))
concepts /= np.linalg.norm(concepts, axis=1, keepdims=True)
target = 0.9 * concepts[3] + 0.6 * concepts[11] + 0.3 * concepts[20] + 0.05 * random.normal(size=12)
target /= np.linalg.norm(target)
runs = []
for penalty in (0.5, 0.2, 0.05, 0.005):
    # scikit-learn divides the squares by the number of rows.
    lasso = Lasso(alpha=penalty / 12, positive=True, fit_intercept=False, tol=1e-12, max_iter=1_000_000)
    weights = lasso.fit(concepts.T, target).coef_
    runs.append({"penalty": penalty, "weights": {str(j): float(w) for j, w in enumerate(weights) if w > 1e-9}})
with open(sys.argv[1], "w") as file:
    json.dump({"target": target.tolist(), "concepts": concepts.tolist(), "runs": runs}, file)
    file.write("\n")

"""The linear support vector machine, one intent against the others.

Apart, and free of Rasa: another process that learns a part need not import TensorFlow.
"""

from typing import Any

import numpy as np
from sklearn.svm import LinearSVC

#: How far the solver goes: ten times further changes no answer (measured) and takes longer.
TOLERANCE = 0.01


def learn(counts: Any, labels: Any, penalty: float) -> tuple[list[str], Any, Any]:
    """Return the intents, the weights (intents × n-grams) and the intercepts learnt from examples (× n-grams)."""
    model = LinearSVC(C=penalty, tol=TOLERANCE, random_state=0).fit(counts, labels)
    weights, intercepts = model.coef_.astype(np.float32), model.intercept_.astype(np.float32)
    if len(model.classes_) == 2:
        weights, intercepts = np.vstack([-weights, weights]), np.array([-intercepts[0], intercepts[0]])
    return [str(intent) for intent in model.classes_], weights, intercepts

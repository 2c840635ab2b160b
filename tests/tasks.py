"""Small tasks and models that the tests of training share."""

import numpy as np
import torch
from torch import nn

from course_lib.batches import Examples
from course_lib.models import LSTMClassifier


def make_task(count=160, seed=0, multilabel=False):
    """Is there a 5 in the review? And, with many labels, is there a 6?"""
    random = np.random.default_rng(seed)
    tokens = [
        random.integers(2, 12, size=random.integers(3, 9)).astype(np.int32)
        for _ in range(count)
    ]
    hits = torch.tensor([[5 in t, 6 in t] for t in tokens])
    return Examples(tokens, hits.float() if multilabel else hits[:, 0].long())


def make_model(num_labels=2, dropout=0.1, seed=0):
    torch.manual_seed(seed)
    return LSTMClassifier(12, num_labels, 8, 8, dropout=dropout)


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters()).detach().clone()

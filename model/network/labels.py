"""Label embeddings, their correlation, and the attention that it drives."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def cosine_correlation(embedding: Tensor) -> Tensor:
    """Return the cosine between emotions ``(n_emotions, n_emotions)`` of embeddings ``(n_emotions, width)``."""
    unit = functional.normalize(embedding, dim=-1)
    return unit @ unit.T


def label_correlation(labels: Tensor) -> Tensor:
    """Return the ground truth ``d' d'^T`` with ``d' = d / ||d||``, ``(n, n_emotions, n_emotions)``."""
    unit = functional.normalize(labels, dim=-1)
    return unit[:, :, None] * unit[:, None, :]


def alignment_loss(correlation: Tensor, labels: Tensor) -> Tensor:
    """Return the mean squared difference of the learned correlation and each label's own (a scalar)."""
    target = label_correlation(labels)
    return functional.mse_loss(correlation.expand_as(target), target)


class LabelEmbedding(nn.Module):
    """One learned vector an emotion.

    Parameters
    ----------
    n_emotions, width : int
        Number and width of the vectors.
    learned : bool
        False is the ablation ``no-label-embedding``: the vectors stay as they were drawn.
    """

    weight: Tensor

    def __init__(self, n_emotions: int, width: int, *, learned: bool = True) -> None:
        super().__init__()
        drawn = torch.randn(n_emotions, width)
        if learned:
            self.weight = nn.Parameter(drawn)
        else:
            self.register_buffer("weight", drawn)

    def forward(self) -> Tensor:
        """Return the embedding ``(n_emotions, width)``."""
        return self.weight


class LabelAttention(nn.Module):
    """Emotions attend to the fused tokens, led by the label correlation.

    ``A = softmax((L W_Q (F' W_K)^T + R) / sqrt(width))``, ``O = LN(L + A F' W_V)``; one head.

    Parameters
    ----------
    width : int
        Width of a token.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, embedding: Tensor, tokens: Tensor, correlation: Tensor | None) -> Tensor:
        """Fuse label embeddings with tokens.

        Parameters
        ----------
        embedding : Tensor
            L ``(n_emotions, width)``.
        tokens : Tensor
            F' ``(n, n_emotions, width)``, one token an emotion.
        correlation : Tensor or None
            R ``(n_emotions, n_emotions)``; None is the ablation ``no-correlation``.

        Returns
        -------
        Tensor
            ``(n, n_emotions, width)``.
        """
        logits = self.query(embedding) @ self.key(tokens).transpose(1, 2)
        if correlation is not None:
            logits = logits + correlation
        attention = (logits / math.sqrt(embedding.shape[-1])).softmax(-1)
        result: Tensor = self.norm(embedding + attention @ self.value(tokens))
        return result

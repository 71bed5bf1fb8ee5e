"""Cross-attention between token sets, and the transformer layer."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class CrossAttention(nn.Module):
    """Multi-head attention of one token set on another, residual and layer norm: ``LN(x + A V_y)``.

    No biases and no output projection, as in the authors' program. DropKey (Li et al., CVPR 2023) masks each attention
    logit with probability `drop_key`, in training only.

    Parameters
    ----------
    width, heads : int
        Width of a token, a multiple of the number of heads.
    drop_key : float
        Probability with which a logit is masked.
    always_drop : bool
        Drop outside training too, as the authors' program does (D2).
    """

    def __init__(self, width: int, heads: int, drop_key: float, *, always_drop: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.drop_key = drop_key
        self.always_drop = always_drop
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Let tokens `x` ``(n, n_x, width)`` attend to `y` ``(n, n_y, width)``; the result has `x`'s shape."""
        query, key, value = (self._split(part) for part in (self.query(x), self.key(y), self.value(y)))
        logits = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if self.drop_key > 0 and (self.training or self.always_drop):
            dropped = torch.rand_like(logits) < self.drop_key
            # Large, not infinite: a query whose keys are all dropped attends evenly instead of becoming NaN.
            logits = logits.masked_fill(dropped, -1e9)
        mixed = logits.softmax(-1) @ value
        result: Tensor = self.norm(x + mixed.transpose(1, 2).flatten(2))
        return result

    def _split(self, tokens: Tensor) -> Tensor:
        """Reshape ``(n, n_tokens, width)`` to ``(n, heads, n_tokens, width / heads)``."""
        split: Tensor = tokens.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        return split


def transformer_layer(width: int, heads: int, dropout: float) -> nn.TransformerEncoderLayer:
    """Return the post-norm transformer layer that both representations share: feed-forward width / 2, GELU."""
    return nn.TransformerEncoderLayer(width, heads, width // 2, dropout, activation="gelu", batch_first=True)


class TokenMap(nn.Module):
    """A linear map over tokens: each new token is a weighted sum of the old ones, plus a bias.

    Parameters
    ----------
    n_in, n_out : int
        Numbers of tokens.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens ``(n, n_in, width)`` to ``(n, n_out, width)``."""
        mapped: Tensor = self.linear(tokens.transpose(1, 2)).transpose(1, 2)
        return mapped


class Fusion(nn.Module):
    """Physiological cross-attention: the query modality attends to each other one, then the tokens are mapped.

    ``Phi = W_o [MHA(E, G); MHA(E, P); ...]``, one attention shared by all.

    Parameters
    ----------
    n_tokens : sequence of int
        Tokens of each modality; the first is the query.
    n_out : int
        Tokens of the fused representation.
    attention : CrossAttention or None
        None is the ablation ``no-cross-attention``: the modalities' tokens are put side by side.
    """

    def __init__(self, n_tokens: Sequence[int], n_out: int, attention: CrossAttention | None) -> None:
        super().__init__()
        self.attention = attention
        n_others = len(n_tokens) - 1
        n_in = sum(n_tokens) if attention is None else n_tokens[0] * max(1, n_others)
        self.map = TokenMap(n_in, n_out)

    def forward(self, tokens: Sequence[Tensor]) -> Tensor:
        """Fuse the modalities' tokens, each ``(n, n_tokens, width)``, into ``(n, n_out, width)``."""
        query, *others = tokens
        if self.attention is None or not others:
            joined = torch.cat([query, *others], 1)
        else:
            joined = torch.cat([self.attention(query, other) for other in others], 1)
        fused: Tensor = self.map(joined)
        return fused

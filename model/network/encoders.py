"""From a modality's features to its tokens."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

#: Normalised features are cut here: one absurd value must not rule an estimate.
_CLIP = 5.0


class Normalisation(nn.Module):
    """Centre and scale of a modality's features over the training participants.

    Parameters
    ----------
    shape : tuple of int
        Shape of the features; the absolute and the relative part each have it.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(2, *shape))
        self.register_buffer("scale", torch.ones(2, *shape))

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """Normalise features of shape ``(n, 2, *shape)``; rows that are not `present` ``(n,)`` become zeros.

        What a missing row holds, NaN included, does not reach the result.
        """
        keep = present.view(-1, *[1] * (features.ndim - 1))
        normalised = ((features - self.centre) / self.scale).clamp(-_CLIP, _CLIP)
        return torch.where(keep, normalised, torch.zeros_like(normalised))


class RowEncoder(nn.Module):
    """One token a row of the features, by one linear layer for all rows: EEG, a token a channel.

    Parameters
    ----------
    shape : tuple of int
        ``(n_tokens, n_features)``.
    width : int
        Width of a token.
    """

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.n_tokens, n_features = shape
        self.linear = nn.Linear(2 * n_features, width)

    def forward(self, features: Tensor) -> Tensor:
        """Turn features ``(n, 2, n_tokens, n_features)`` into tokens ``(n, n_tokens, width)``."""
        tokens: Tensor = self.linear(features.transpose(1, 2).flatten(2))
        return tokens


class FlatEncoder(nn.Module):
    """All tokens from all features, by one linear layer.

    Parameters
    ----------
    shape : tuple of int
        Shape of the features.
    n_tokens, width : int
        Number and width of the tokens.
    """

    def __init__(self, shape: tuple[int, ...], n_tokens: int, width: int) -> None:
        super().__init__()
        self.n_tokens = n_tokens
        self.linear = nn.Linear(2 * math.prod(shape), n_tokens * width)

    def forward(self, features: Tensor) -> Tensor:
        """Turn features ``(n, 2, *shape)`` into tokens ``(n, n_tokens, width)``."""
        tokens: Tensor = self.linear(features.flatten(1)).unflatten(1, (self.n_tokens, -1))
        return tokens


class Encoders(nn.Module):
    """The encoders of all modalities, with a learned stand-in for a modality that is missing.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Modality -> shape of its features.
    n_tokens : mapping of str to int
        Modality -> number of its tokens; that of EEG is its number of channels.
    width : int
        Width of a token.
    dropout : float
        Share of the normalised features that is left out in training.
    """

    def __init__(
        self, shapes: Mapping[str, tuple[int, ...]], n_tokens: Mapping[str, int], width: int, dropout: float
    ) -> None:
        super().__init__()
        self.modalities = tuple(shapes)
        self.encoders = nn.ModuleDict(
            {
                name: RowEncoder(shape, width) if name == "EEG" else FlatEncoder(shape, n_tokens[name], width)
                for name, shape in shapes.items()
            }
        )
        self.missing = nn.ParameterDict(
            {name: nn.Parameter(0.02 * torch.randn(n_tokens[name], width)) for name in shapes}
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        """Turn normalised features into tokens.

        Parameters
        ----------
        features : mapping of str to Tensor
            Modality -> normalised features ``(n, 2, *shape)``, finite everywhere.
        present : Tensor
            ``(n, n_modalities)``, bool; a row that is missing gets the learned tokens.

        Returns
        -------
        dict of str to Tensor
            Modality -> tokens ``(n, n_tokens, width)``.
        """
        return {
            name: torch.where(
                present[:, column, None, None],
                self.encoders[name](self.dropout(features[name])),
                self.missing[name],
            )
            for column, name in enumerate(self.modalities)
        }

"""From the emotions' tokens to a distribution."""

import torch
from torch import Tensor, nn

_HIDDEN = 128


def head(n_emotions: int, width: int, dropout: float) -> nn.Sequential:
    """Return the head: flatten, two hidden layers of 128 with ReLU, one number an emotion."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(n_emotions * width, _HIDDEN),
        nn.ReLU(),
        nn.Linear(_HIDDEN, _HIDDEN),
        nn.ReLU(),
        nn.Linear(_HIDDEN, n_emotions),
    )


class Departure(nn.Module):
    """A distribution as its departure from the prior: ``softmax(log prior + h)``.

    What the signals do not say leaves h at zero and the result at the prior, which is the training participants' mean
    label; a sample without any modality gets the prior itself.

    Parameters
    ----------
    n_emotions : int
        Number of emotions.
    """

    log_prior: Tensor

    def __init__(self, n_emotions: int) -> None:
        super().__init__()
        self.register_buffer("log_prior", torch.full((n_emotions,), 1 / n_emotions).log())

    def forward(self, departure: Tensor, something: Tensor) -> Tensor:
        """Return log shares ``(n, n_emotions)``; where `something` ``(n,)`` is False, the prior's."""
        departure = torch.where(something[:, None], departure, torch.zeros_like(departure))
        return (self.log_prior + departure).log_softmax(-1)

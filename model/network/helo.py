"""HeLo, as the product uses it: heterogeneous fusion by transport, led by the correlation of the labels.

After Zheng et al., HeLo: Heterogeneous Multi-Modal Fusion with Label Correlation for Emotion Distribution Learning, ACM
Multimedia 2025, arXiv 2507.06821. docs/model.md says where it departs from the authors' program, and why.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from model.network.attention import CrossAttention, Fusion, TokenMap, transformer_layer
from model.network.encoders import Encoders, Normalisation
from model.network.gromov import gromov_cost, gromov_plan
from model.network.head import Departure, head
from model.network.labels import LabelAttention, LabelEmbedding, cosine_correlation
from model.network.settings import KINDS, NetworkSettings
from model.network.sinkhorn import sinkhorn_plan
from model.network.transport import barycentric_map, cross_cost, intra_cost


class Output(NamedTuple):
    """What a network says of a batch."""

    log_shares: Tensor
    """``(n, n_emotions)``."""
    correlation: Tensor
    """Learned correlation of the labels ``(n_emotions, n_emotions)``."""
    plan: Tensor | None
    """Transport plan between physiological and behavioural tokens ``(n, n_tokens, n_tokens)``; None without one."""
    transport_cost: Tensor | None = None
    """What the plan costs ``(n,)``, differentiable; None where the settings do not have it in the loss."""


class HeLo(nn.Module):
    """The product's HeLo.

    Parameters
    ----------
    settings : NetworkSettings
        Sizes and switches.
    shapes : mapping of str to tuple of int
        Modality -> shape of its features, in the order of `present`'s columns.
    n_emotions : int
        Number of emotions.
    """

    def __init__(self, settings: NetworkSettings, shapes: Mapping[str, tuple[int, ...]], n_emotions: int) -> None:
        super().__init__()
        width, n_fused = settings.width, settings.behavioural_tokens
        self.settings = settings
        self.physiological = [
            name for name in sorted(shapes, key=lambda n: n != "EEG") if KINDS[name] == "physiological"
        ]
        self.behavioural = [name for name in shapes if KINDS[name] == "behavioural"]
        n_tokens = token_counts(settings, shapes)
        self.normalisation = nn.ModuleDict({name: Normalisation(shape) for name, shape in shapes.items()})
        self.encoders = Encoders(shapes, n_tokens, width, settings.dropout)
        sides = 0
        if self.physiological:
            sides += 1
            attention = CrossAttention(width, settings.heads, settings.drop_key) if settings.cross_attention else None
            self.physiology = Fusion([n_tokens[name] for name in self.physiological], n_fused, attention)
        if self.behavioural:
            sides += 1
            self.behaviour = TokenMap(sum(n_tokens[name] for name in self.behavioural), n_fused)
        if sides == 2 and settings.transport != "none":
            # ReZero: the network begins without the transport, and takes as much of it as lowers the loss.
            self.carried = nn.Parameter(torch.zeros(()))
        self.layer = transformer_layer(width, settings.heads, settings.dropout)
        self.to_labels = TokenMap(sides * n_fused, n_emotions)
        self.labels = LabelEmbedding(n_emotions, width, learned=settings.label_embedding)
        self.label_attention = LabelAttention(width)
        self.head = head(n_emotions, width, settings.dropout)
        # The untrained network says the prior, and nothing else.
        for parameter in self.head[-1].parameters():
            nn.init.zeros_(parameter)
        self.departure = Departure(n_emotions)

    def forward(self, features: Mapping[str, Tensor], present: Tensor) -> Output:
        """Estimate distributions.

        Parameters
        ----------
        features : mapping of str to Tensor
            Modality -> features ``(n, 2, *shape)``, as the pipeline makes them; where missing, anything.
        present : Tensor
            ``(n, n_modalities)``, bool.
        """
        normalised = {
            name: module(features[name], present[:, column])
            for column, (name, module) in enumerate(self.normalisation.items())
        }
        tokens = self.encoders(normalised, present)
        something = present.any(1)
        fused, plan, cost = self._fuse(tokens, something)
        embedding = self.labels()
        correlation = cosine_correlation(embedding)
        mixed = self.label_attention(
            embedding, self.to_labels(fused), correlation if self.settings.correlation else None
        )
        return Output(self.departure(self.head(mixed), something), correlation, plan, cost)

    @torch.no_grad()
    def shrink(self, factor: float) -> None:
        """Multiply every later departure from the prior by a factor."""
        for parameter in self.head[-1].parameters():
            parameter.mul_(factor)

    @torch.no_grad()
    def move(self, offset: Tensor) -> None:
        """Add an offset ``(n_emotions,)`` to every later departure; with nothing present the prior stays."""
        _, bias = self.head[-1].parameters()
        bias.add_(offset)

    def _fuse(self, tokens: Mapping[str, Tensor], something: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Join both sides' tokens, the physiological ones carried to the behavioural ones; return plan and cost too."""
        plan = cost = None
        sides = []
        if self.physiological:
            sides.append(self.physiology([tokens[name] for name in self.physiological]))
        if self.behavioural:
            sides.append(self.behaviour(torch.cat([tokens[name] for name in self.behavioural], 1)))
        if len(sides) == 2 and self.settings.transport != "none":
            plan, cost = self._transport(sides[0], sides[1], something)
            sides[0] = torch.lerp(sides[0], barycentric_map(plan, sides[0]), self.carried.to(sides[0].dtype))
        return torch.cat([self.layer(side) for side in sides], 1), plan, cost

    def _transport(self, physiology: Tensor, behaviour: Tensor, something: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the plan, and its cost where that is in the loss."""
        kind, in_loss = self.settings.transport, self.settings.transport_loss > 0
        if kind == "sinkhorn":
            between = cross_cost(physiology, behaviour)
            plan = sinkhorn_plan(between)
            return plan, (between * plan).sum((1, 2)) if in_loss else None
        within = intra_cost(physiology), intra_cost(behaviour)
        cross = cross_cost(physiology, behaviour) if kind == "fused" else None
        plan = self._gromov(*within, cross, something)
        return plan, gromov_cost(*within, plan, cross, self.settings.fusion) if in_loss else None

    def _gromov(self, left: Tensor, right: Tensor, cross: Tensor | None, something: Tensor) -> Tensor:
        """Return plans; a sample without any modality gets the prior, whatever its plan, and is not solved for."""
        plan = torch.full_like(left, 1 / left.shape[-1] ** 2)
        chosen = None if cross is None else cross[something]
        plan[something] = gromov_plan(left[something], right[something], chosen, self.settings.fusion)
        return plan


def token_counts(settings: NetworkSettings, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """Return the number of tokens of each modality: EEG's channels, else as the settings say for its side."""
    sides = {"physiological": settings.tokens, "behavioural": settings.behavioural_tokens}
    return {name: shape[0] if name == "EEG" else sides[KINDS[name]] for name, shape in shapes.items()}

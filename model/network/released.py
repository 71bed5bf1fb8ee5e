"""The forward pass of the authors' released program (kaio-99/HeLo, commit 08dad27), faults included, for comparison.

Written from a description of what that program computes. Each fault is marked with its number in docs/model.md.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from model.network.attention import CrossAttention, Fusion, TokenMap, transformer_layer
from model.network.encoders import Encoders, Normalisation
from model.network.head import head
from model.network.helo import Output, token_counts
from model.network.labels import LabelAttention
from model.network.settings import KINDS, NetworkSettings
from model.network.sinkhorn import proximal_plan
from model.network.transport import intra_cost
from pipeline.errors import BadInput


class ReleasedHeLo(nn.Module):
    """The released HeLo; its results are random, also outside training (D1, D2).

    Parameters are those of `model.network.helo.HeLo`. A missing modality is zeros: the release knows no mask.

    Raises
    ------
    BadInput
        One of the two sides of the transport has no modality.
    """

    def __init__(self, settings: NetworkSettings, shapes: Mapping[str, tuple[int, ...]], n_emotions: int) -> None:
        super().__init__()
        width, n_fused = settings.width, settings.behavioural_tokens
        self.physiological = [
            name for name in sorted(shapes, key=lambda n: n != "EEG") if KINDS[name] == "physiological"
        ]
        self.behavioural = [name for name in shapes if KINDS[name] == "behavioural"]
        if not self.physiological or not self.behavioural:
            raise BadInput("variant: released takes at least one physiological and one behavioural modality; use helo")
        self.shape = (n_emotions, width)
        n_tokens = token_counts(settings, shapes)
        self.normalisation = nn.ModuleDict({name: Normalisation(shape) for name, shape in shapes.items()})
        self.encoders = Encoders(shapes, n_tokens, width, dropout=0)
        attention = CrossAttention(width, settings.heads, settings.drop_key, always_drop=True)  # D2
        self.physiology = Fusion([n_tokens[name] for name in self.physiological], n_fused, attention)
        self.behaviour = TokenMap(sum(n_tokens[name] for name in self.behavioural), n_fused)
        self.layer = transformer_layer(width, settings.heads, settings.dropout)
        self.to_labels = TokenMap(2 * n_fused, n_emotions)
        self.label_attention = LabelAttention(width)
        self.head = head(n_emotions, width, dropout=0)

    def forward(self, features: Mapping[str, Tensor], present: Tensor) -> Output:
        """Estimate distributions; parameters as in `model.network.helo.HeLo.forward`."""
        normalised = {
            name: module(features[name], present[:, column])
            for column, (name, module) in enumerate(self.normalisation.items())
        }
        tokens = self.encoders(normalised, torch.ones_like(present))
        physiology = self.physiology([tokens[name] for name in self.physiological])
        behaviour = self.behaviour(torch.cat([tokens[name] for name in self.behavioural], 1))
        plan = proximal_plan(intra_cost(physiology, over_batch=True), intra_cost(behaviour, over_batch=True))  # D6, D10
        fused = torch.cat([self.layer(plan @ physiology), self.layer(behaviour)], 1)  # D5
        embedding = torch.randn(self.shape, device=present.device)  # D1
        scaled = embedding / embedding.norm(dim=0)  # D7: per feature across emotions
        correlation = scaled @ scaled.T
        mixed = self.label_attention(embedding, self.to_labels(fused), correlation)
        return Output(self.head(mixed).log_softmax(-1), correlation, plan)

"""What a network is built from; kept in the checkpoint's header."""

from typing import Final, Literal

import msgspec

Variant = Literal["helo", "released"]
Transport = Literal["gromov", "fused", "sinkhorn", "none"]
Kind = Literal["physiological", "behavioural"]

#: Which side of the transport each modality stands on.
KINDS: Final[dict[str, Kind]] = {
    "EEG": "physiological", "GSR": "physiological", "PPG": "physiological", "Temperature": "physiological",
    "Motion": "behavioural", "Face": "behavioural",
}  # fmt: skip


class NetworkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes and switches of a HeLo network; the ablations are its switches.

    ``variant="released"`` reproduces the forward pass of the authors' released program, faults included (docs/model.md
    lists them, D1 to D10), for comparison; ``variant="helo"`` is the product's.
    """

    variant: Variant = "helo"
    width: int = 128
    """Width D of a token."""
    tokens: int = 18
    """Tokens of a modality that is not EEG; EEG has one token a channel."""
    behavioural_tokens: int = 36
    """Tokens of the fused physiological and of the behavioural representation: the sides of the transport plan."""
    heads: int = 4
    dropout: float = 0.5
    drop_key: float = 0.5
    """Probability with which an attention logit is masked in training."""
    alignment: float = 1.0
    """Weight of the alignment loss; 0 is the ablation ``no-alignment``."""
    transport: Transport = "gromov"
    """``gromov`` couples the tokens by the distances within each set, ``sinkhorn`` by those between the sets, ``fused``
    by both; ``none`` is the ablation ``no-transport``."""
    fusion: float = 0.5
    """Weight of the distances within the sets in a ``fused`` plan; the rest is that of the distances between them."""
    transport_loss: float = 0.0
    """Weight of the transport's cost in the loss."""
    cross_attention: bool = True
    label_embedding: bool = True
    correlation: bool = True
    """Whether the label correlation is added to the label attention's logits."""

"""How a network is trained."""

import msgspec

from model.network.settings import NetworkSettings


class TrainOptions(msgspec.Struct, frozen=True):
    """Everything a training run depends on beside its data."""

    network: NetworkSettings = NetworkSettings(
        width=64, behavioural_tokens=18, dropout=0.3, drop_key=0.3, alignment=1.0
    )
    seed: int = 0
    device: str = "cpu"
    """Where to train; only on a CPU do the same seed and machine give the same weights, bit for bit."""
    epochs: int = 24
    patience: int = 6
    """Epochs without a better validation score after which training ends."""
    batch: int = 64
    windows_per_epoch: int = 4096
    """Windows drawn for an epoch, every trial weighing the same; as many as there are, where these are fewer."""
    learning_rate: float = 1e-3
    decay: float = 0.92
    """Factor of the learning rate, an epoch."""
    weight_decay: float = 1e-3
    modality_dropout: float = 0.25
    """Probability with which a present modality is hidden from a training window; one is always left."""

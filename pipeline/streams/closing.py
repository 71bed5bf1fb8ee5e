"""What is open until it is closed."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Something that the end of a ``with`` block closes."""

    @abstractmethod
    def close(self) -> None:
        """Close it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

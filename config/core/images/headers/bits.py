"""Reading numbers of any width from a stream of bits."""

from config.core.images.errors import ImageUnreadable


class Bits:
    """Raises ``ImageUnreadable`` where the data ends too early."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Return the next ``count`` bits as a number."""
        self._left -= count
        if self._left < 0:
            raise ImageUnreadable
        return self._value >> self._left & (1 << count) - 1

    def take_bytes(self, count: int) -> bytes:
        return self.take(8 * count).to_bytes(count)

    def golomb(self) -> int:
        """Return the next number in Exp-Golomb code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ImageUnreadable
        return (1 << zeros) - 1 + self.take(zeros)

"""Ids in Stripe's form that are the same in every run: nothing about them is random."""

from __future__ import annotations

from collections import Counter
from hashlib import sha512

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Ids:
    """Ids of one account, counted by prefix; another seed gives other ids."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counts: Counter[str] = Counter()

    def new(self, prefix: str, length: int = 24) -> str:
        """The next id with this prefix, such as `pi_3` followed by `length` letters and digits."""
        self._counts[prefix] += 1
        text = f"{self._seed}:{prefix}:{self._counts[prefix]}"
        return prefix + _base62(sha512(text.encode()).digest(), length)


def _base62(digest: bytes, length: int) -> str:
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, 62)
        letters.append(_ALPHABET[index])
    return "".join(letters)

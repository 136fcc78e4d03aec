"""Scales of a chart: round marks along an axis, and amounts as pixels."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
_MOST_MARKS = 5


@dataclass(frozen=True)
class Scale:
    """An axis from zero to its highest mark, `room` pixels long; `most` is the largest amount."""

    marks: tuple[Decimal, ...]
    room: Decimal
    most: Decimal

    def pixels(self, amount: Decimal) -> Decimal:
        """How long an amount is beside the marks."""
        return self.room * amount / self.marks[-1]

    def pixels_of_most(self, amount: Decimal) -> Decimal:
        """How long an amount is when the largest one takes all the room."""
        return self.room * amount / self.most


def scale_to(most: Decimal, room: Decimal) -> Scale:
    """A scale that holds `most` (above zero), with at most five round marks above zero."""
    power = Decimal(10) ** (most.adjusted() - 1)
    step = next(
        step
        for power_ in (power, power * 10)
        for step in (power_ * each for each in _STEPS)
        if step * _MOST_MARKS >= most
    ).normalize()
    count = int((most / step).to_integral_value(ROUND_CEILING))
    return Scale(tuple(step * place for place in range(count + 1)), room, most)


def spaced(count: int, most: int) -> range:
    """Places 0..count-1 at one distance from each other, no more than `most` of them."""
    return range(0, count, -(-count // most))

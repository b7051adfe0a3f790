"""What stands in a rendering for a variable that has no value."""

from __future__ import annotations

from typing import Any, Protocol

from liquid import Undefined

from core.errors import VariableMissing


class Absent(Undefined):
    """A variable without a value: can be tested and given a default, and refuses everything else."""

    __slots__ = ()

    def poke(self) -> bool:
        """Refuse (VariableMissing)."""
        name = str(self.name)
        raise VariableMissing(
            f"{name} has no value for this message. Fill it in, or write what to use instead: "
            f'{{{{ {name} | default: "…" }}}}.',
            param=name,
        )

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __bool__(self) -> bool:
        return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return str(self.poke())

    def __iter__(self) -> Any:
        return iter([self.poke()])

    def __len__(self) -> int:
        return int(self.poke())

    def __int__(self) -> int:
        return int(self.poke())


class Filling(Protocol):
    """A rendering that knows what to write instead."""

    def fill(self, name: str) -> str:
        """The text for a variable that has no value."""


class StandIn(Undefined):
    """A variable without a value that writes the rendering's fallback text, and nothing a function makes of it.

    Functions hand it on as it is (see `filters.guarded`): 'friend' | plus: 1 would be nonsense.
    """

    __slots__ = ()
    obj: Filling

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.obj.fill(str(self.name))

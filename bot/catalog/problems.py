"""What is wrong with a data file, told so that a volunteer can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.models import visible


@dataclass(frozen=True, order=True)
class Problem:
    """Something a volunteer has to mend."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return visible(f"{self.file}:{self.line}: {self.text}")


class CatalogError(Exception):
    """The files cannot be used; `problems` holds all that is wrong with them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))

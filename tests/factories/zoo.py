"""Parks with enclosures with animals."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from tests.zoo.models import Animal, Enclosure, Park, Species

_numbers = count(1)


@dataclass
class Zoo:
    """A park of `enclosures`, each of `animals`, each animal of one of two species."""

    enclosures: int = 2
    animals: int = 2
    park: Park = field(init=False)
    species: list[Species] = field(init=False)
    cages: list[Enclosure] = field(init=False)
    beasts: list[Animal] = field(init=False)

    def __post_init__(self) -> None:
        self.park = Park.objects.create(name=f"Park {next(_numbers)}")
        self.species = Species.objects.bulk_create([Species(name="Lynx"), Species(name="Otter")])
        self.cages = Enclosure.objects.bulk_create(
            [Enclosure(park=self.park, number=number) for number in range(1, self.enclosures + 1)]
        )
        self.beasts = Animal.objects.bulk_create(
            [
                Animal(name=f"Animal {tag}", tag=str(tag), enclosure=cage, species=self.species[tag % 2])
                for cage in self.cages
                for tag in range(self.animals)
            ]
        )

"""A zoo: one model for each thing that a foreign key can say.

Its rows belong to no organization, so that deletions in it are the platform's.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.fields import LiveForeignKey, live_index, unique_live
from tests.zoo.forest import Branch, Leaf, PeerBranch, PeerLeaf, PeerTree, PeerTwig, Tree, Twig

__all__ = [
    "Animal",
    "Branch",
    "Camera",
    "Enclosure",
    "Keeper",
    "Leaf",
    "Lease",
    "Park",
    "PeerBranch",
    "PeerLeaf",
    "PeerTree",
    "PeerTwig",
    "Plaque",
    "Postcard",
    "Species",
    "Ticket",
    "Tree",
    "Twig",
    "Visitor",
]


class Park(SoftDeletedModel):
    """The root of most trees."""

    name = models.CharField(max_length=100)
    plaques = GenericRelation("zoo.Plaque", object_id_field="subject_id", content_type_field="subject_type")

    class Meta:
        app_label = "zoo"
        constraints = [unique_live("name", name="park_name_unique", ignore_case=True)]

    def __str__(self) -> str:
        return self.name


class Species(SoftDeletedModel):
    """The second parent of an animal."""

    name = models.CharField(max_length=100)

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return self.name


class Keeper(SoftDeletedModel):
    """An enclosure's `SET_NULL`."""

    name = models.CharField(max_length=100)
    park = models.ForeignKey(Park, on_delete=models.CASCADE, related_name="keepers")

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return self.name


class Enclosure(SoftDeletedModel):
    """The second level."""

    park = models.ForeignKey(Park, on_delete=models.CASCADE, related_name="enclosures")
    keeper = LiveForeignKey(Keeper, on_delete=models.SET_NULL, null=True, related_name="enclosures")
    number = models.PositiveIntegerField()

    class Meta:
        app_label = "zoo"
        constraints = [unique_live("park", "number", name="enclosure_number_unique")]
        indexes = [live_index("keeper", name="enclosure_of_keeper")]

    def __str__(self) -> str:
        return f"Enclosure {self.number}"


class Animal(SoftDeletedModel):
    """A diamond under enclosure and species, and a tree of its own under the mother."""

    name = models.CharField(max_length=100)
    tag = models.CharField(max_length=20)
    enclosure = models.ForeignKey(Enclosure, on_delete=models.CASCADE, related_name="animals")
    species = models.ForeignKey(Species, on_delete=models.CASCADE, null=True, related_name="animals")
    mother = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="young")

    class Meta:
        app_label = "zoo"
        constraints = [unique_live("enclosure", "tag", name="animal_tag_unique")]

    def __str__(self) -> str:
        return self.name


class Visitor(SoftDeletedModel):
    """Many to many, by a table of Django's own. History keeps its code secret, and when it was seen to itself."""

    name = models.CharField(max_length=100)
    code = models.CharField(max_length=20, blank=True)
    seen_at = models.DateTimeField(null=True)

    masked_fields: ClassVar[tuple[str, ...]] = ("code",)
    silent_fields: ClassVar[tuple[str, ...]] = ("seen_at",)

    favourites = models.ManyToManyField(Animal, related_name="fans")

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return self.name


class Ticket(SoftDeletedModel):
    """Protects its park."""

    park = models.ForeignKey(Park, on_delete=models.PROTECT, related_name="tickets")

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return "Ticket"


class Lease(SoftDeletedModel):
    """Restricts its enclosure, unless it goes with the park too."""

    enclosure = models.ForeignKey(Enclosure, on_delete=models.RESTRICT, related_name="leases")
    park = models.ForeignKey(Park, on_delete=models.CASCADE, related_name="leases")

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return "Lease"


class Plaque(SoftDeletedModel):
    """On a park, or on anything else, by a generic key."""

    subject_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, db_constraint=False)
    subject_id = models.CharField(max_length=36)
    subject = GenericForeignKey("subject_type", "subject_id")
    text = models.CharField(max_length=100)

    class Meta:
        app_label = "zoo"
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="plaque_of_subject")]

    def __str__(self) -> str:
        return self.text


class Camera(models.Model):
    """Not soft-deleted: goes when its enclosure is purged."""

    enclosure = models.ForeignKey(Enclosure, on_delete=models.CASCADE, related_name="cameras")

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return "Camera"


class Postcard(models.Model):
    """Not soft-deleted: forgets its animal when that is purged."""

    animal = models.ForeignKey(Animal, on_delete=models.SET_NULL, null=True, related_name="postcards")

    personal_fields: ClassVar[tuple[str, ...]] = ()

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return "Postcard"

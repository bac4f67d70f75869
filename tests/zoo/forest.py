"""One tree of three levels twice: ours, and as django-safedelete's own cascade would have it."""

from __future__ import annotations

from django.db import models
from safedelete.config import SOFT_DELETE_CASCADE
from safedelete.models import SafeDeleteModel

from apps.core.ids import new_id
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.fields import live_index


class Tree(SoftDeletedModel):
    """The root."""

    name = models.CharField(max_length=100)

    class Meta:
        app_label = "zoo"

    def __str__(self) -> str:
        return self.name


class Branch(SoftDeletedModel):
    """The first level."""

    tree = models.ForeignKey(Tree, on_delete=models.CASCADE, related_name="branches", db_index=False)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "zoo"
        indexes = [live_index("tree", name="branch_of_tree")]

    def __str__(self) -> str:
        return self.name


class Twig(SoftDeletedModel):
    """The second level."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="twigs", db_index=False)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "zoo"
        indexes = [live_index("branch", name="twig_of_branch")]

    def __str__(self) -> str:
        return self.name


class Leaf(SoftDeletedModel):
    """The third level."""

    twig = models.ForeignKey(Twig, on_delete=models.CASCADE, related_name="leaves", db_index=False)
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "zoo"
        indexes = [live_index("twig", name="leaf_of_twig")]

    def __str__(self) -> str:
        return self.name


class PeerModel(SafeDeleteModel):
    """What django-safedelete gives by itself."""

    _safedelete_policy = SOFT_DELETE_CASCADE

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=100)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class PeerTree(PeerModel):
    """The root."""

    class Meta:
        app_label = "zoo"


class PeerBranch(PeerModel):
    """The first level."""

    tree = models.ForeignKey(PeerTree, on_delete=models.CASCADE, related_name="branches")

    class Meta:
        app_label = "zoo"


class PeerTwig(PeerModel):
    """The second level."""

    branch = models.ForeignKey(PeerBranch, on_delete=models.CASCADE, related_name="twigs")

    class Meta:
        app_label = "zoo"


class PeerLeaf(PeerModel):
    """The third level."""

    twig = models.ForeignKey(PeerTwig, on_delete=models.CASCADE, related_name="leaves")

    class Meta:
        app_label = "zoo"

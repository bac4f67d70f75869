"""What is signed: frozen results, and the signatures that froze them.

Neither refers to the contest by a key: both outlive it.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.contests.models.locks import WrittenOnce
from apps.core import clock
from apps.core.ids import new_id
from apps.core.softdelete.querysets import OrganizationManager, VersionedQuerySet

DIGEST = 64  # SHA-256 in hexadecimal


class Certification(models.Model):
    """A frozen result.

    `document` holds inputs, rules, standings and signatures, with ids and numbers and no names of people, and of
    `erratum` the SHA-256, so that an erasure can reach the words. `digest` is
    SHA-256 of its canonical JSON (RFC 8785) in hexadecimal, `result_digest` the same without the signatures: what was
    signed. `previous_digest` chains it to the contest's certification before. `supersedes` is the published
    certification that this one corrects, and `erratum` says what about it was wrong.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(editable=False)
    contest_id = models.UUIDField(editable=False)
    contest_name = models.CharField(max_length=200, editable=False)
    number = models.PositiveIntegerField(editable=False)
    document = models.JSONField(editable=False)
    digest = models.CharField(max_length=DIGEST, editable=False)
    result_digest = models.CharField(max_length=DIGEST, editable=False)
    previous_digest = models.CharField(max_length=DIGEST, blank=True, editable=False)
    supersedes = models.UUIDField(null=True, editable=False)
    erratum = models.TextField(blank=True, max_length=2000, editable=False)
    certified_at = models.DateTimeField(default=clock.now, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    voided_by = models.UUIDField(null=True, editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.CharField(max_length=1000, blank=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    personal_fields: ClassVar[tuple[str, ...]] = ()
    hashed_fields: ClassVar[tuple[str, ...]] = ("document", "digest", "result_digest", "previous_digest")

    objects = OrganizationManager()
    of_all_organizations = models.Manager.from_queryset(VersionedQuerySet)()

    class Meta:
        ordering = ["contest_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["contest_id", "number"], name="certification_number_unique"),
            models.UniqueConstraint(
                fields=["contest_id"], condition=Q(voided_at__isnull=True), name="certification_one_in_force"
            ),
            WrittenOnce(
                name="certification_written_once",
                once=("published_at", "voided_by", "voided_at", "void_reason"),
                erasable=("contest_name", "erratum"),
            ),
        ]
        # the organization's list, newest first
        indexes = [models.Index(fields=["organization_id", "-id"], name="certification_list")]

    def __str__(self) -> str:
        return f"{self.contest_name}, certification {self.number}"


class Signature(models.Model):
    """One person's signature, in a role, over the digest of the result that they have read.

    `place` is the role's in the contest's chain, from 1. Without a `certification` it is still to be followed by
    others, or was voided before they signed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(editable=False)
    contest_id = models.UUIDField(editable=False)
    certification = models.ForeignKey(
        Certification, on_delete=models.PROTECT, null=True, editable=False, related_name="signatures"
    )
    place = models.PositiveSmallIntegerField(editable=False)
    role = models.CharField(max_length=20, editable=False)
    signed_by = models.UUIDField(editable=False)
    signed_at = models.DateTimeField(default=clock.now, editable=False)
    digest = models.CharField(max_length=DIGEST, editable=False)
    voided_by = models.UUIDField(null=True, editable=False)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.CharField(max_length=1000, blank=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    personal_fields: ClassVar[tuple[str, ...]] = ()
    hashed_fields: ClassVar[tuple[str, ...]] = ("role", "digest")

    objects = OrganizationManager()
    of_all_organizations = models.Manager.from_queryset(VersionedQuerySet)()

    class Meta:
        ordering = ["contest_id", "place", "id"]
        constraints = [
            # leads with the contest: a chain is read with it
            models.UniqueConstraint(
                fields=["contest_id", "place"], condition=Q(voided_at__isnull=True), name="signature_place_unique"
            ),
            models.UniqueConstraint(
                fields=["contest_id", "signed_by"],
                condition=Q(voided_at__isnull=True),
                name="signature_person_unique",
            ),
            WrittenOnce(
                name="signature_written_once",
                once=("certification_id", "voided_by", "voided_at", "void_reason"),
            ),
        ]
        # a contest's signatures, voided ones too
        indexes = [models.Index(fields=["contest_id", "-id"], name="signature_of_contest")]

    def __str__(self) -> str:
        return f"{self.place}. {self.role}"

"""People, the organizations that own everything, and who does what in which."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.enums import Role
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.fields import LIVE, live_index, unique_live
from apps.core.softdelete.querysets import LiveManager


class Organization(SoftDeletedModel):
    """The tenant. Deleting it takes everything it owns along."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, db_index=False)
    timezone = models.CharField(max_length=64, default="UTC")
    retention_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Days that a deleted thing stays in the recycle bin before it is purged.",
    )
    settings = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [unique_live("slug", name="organization_slug_unique")]

    def __str__(self) -> str:
        return self.name


class UserManager(LiveManager, BaseUserManager["User"]):
    """Live users, found by email whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(email__iexact=username)
        return user

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Make a person; without a password they can't sign in by one."""
        user: User = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Make a person who runs the platform."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractBaseUser, SoftDeletedModel):
    """A person who signs in by email. `is_staff` makes an operator of the whole platform."""

    email = models.EmailField(max_length=254)
    full_name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="Operates the platform: sees every organization.")
    is_superuser = models.BooleanField(default=False, help_text="May do everything.")

    personal_fields: ClassVar[tuple[str, ...]] = ("email", "full_name", "password")

    objects = UserManager()  # type: ignore[misc]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique", condition=LIVE)]

    def __str__(self) -> str:
        return self.full_name or self.email

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Django's own permissions are for superusers only; roles decide everything else."""
        del perm, obj
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        """See `has_perm`."""
        return self.has_perm(app_label)


class Membership(SoftDeletedModel):
    """A person's one role in an organization."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        ordering = ["organization_id", "role"]
        constraints = [unique_live("organization", "user", name="membership_unique")]
        # the organizations of the person who asks, on every request; the restriction of a user's cascade
        indexes = [live_index("user", name="membership_of_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

"""People, the organizations that own everything, and who does what in which."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.accounts.constraints import OwnerStays
from apps.accounts.enums import Role, SessionEnd
from apps.core import clock
from apps.core.access import Capability
from apps.core.ids import new_id
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.fields import LIVE, live_index, unique_live
from apps.core.softdelete.querysets import LiveManager
from apps.core.timezones import validate_timezone


class Organization(SoftDeletedModel):
    """The tenant. Deleting it takes everything it owns along."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, db_index=False)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    retention_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Days that a deleted thing stays in the recycle bin before it is purged.",
    )
    settings = models.JSONField(default=dict, blank=True)

    deletion_capability: ClassVar[Capability] = Capability.OWN
    impersonal_fields: ClassVar[tuple[str, ...]] = ("name", "timezone", "settings")

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
    # Django would write it at each sign-in, and two at once would be a conflict of versions; TokenFamily has it.
    last_login = None
    is_superuser = models.BooleanField(default=False, help_text="May do everything.")
    # How often all sessions were ended for good; those of browsers are good for one count only.
    sign_outs = models.PositiveIntegerField(default=0, editable=False)

    deletion_capability: ClassVar[Capability] = Capability.OPERATE
    personal_fields: ClassVar[tuple[str, ...]] = ("email", "full_name", "password")
    masked_fields: ClassVar[tuple[str, ...]] = ("password",)
    silent_fields: ClassVar[tuple[str, ...]] = ("sign_outs",)

    objects = UserManager()  # type: ignore[misc]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique", condition=LIVE)]

    def __str__(self) -> str:
        return self.full_name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a browser's session must name: Django's own, of the password, and the count."""
        own: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]  # the stubs leave it out
        return f"{own}.{self.sign_outs}"

    def get_full_name(self) -> str:
        """Their name, else their address; the admin shows it."""
        return self.full_name or self.email

    def get_short_name(self) -> str:
        """See `get_full_name`."""
        return self.get_full_name()

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

    deletion_capability: ClassVar[Capability] = Capability.MANAGE_PEOPLE

    class Meta:
        ordering = ["organization_id", "role"]
        constraints = [
            unique_live("organization", "user", name="membership_unique"),
            OwnerStays(name="membership_owner_stays"),
        ]
        # the organizations of the person who asks, on every request; the restriction of a user's cascade
        indexes = [live_index("user", name="membership_of_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class TokenFamily(models.Model):
    """One sign-in on one device, and every token that descends from it.

    A refresh token is spent once. Whoever sends it again has stolen it, or has had it stolen: nobody can tell which,
    so the whole family ends (RFC 9700, section 4.14.2). Access tokens name their family too, so they end with it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families", db_index=False)
    user_agent = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    last_used_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.CharField(max_length=10, blank=True, choices=SessionEnd.choices, editable=False)

    personal_fields: ClassVar[tuple[str, ...]] = ("user_agent",)

    class Meta:
        ordering = ["-id"]
        verbose_name = "session"
        verbose_name_plural = "token families"
        indexes = [
            # a person's sessions, newest first, and ending all of them
            models.Index(fields=["user", "-id"], name="token_family_of_user", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.user_agent or 'Unknown device'}, since {self.created_at:%Y-%m-%d %H:%M}"

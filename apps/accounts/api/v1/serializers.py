"""How people, organizations and sessions look from outside."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer

PASSWORD_LENGTH = 128


class PasswordField(serializers.CharField):
    """Never shown, never trimmed, bounded: hashing takes time by length."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", PASSWORD_LENGTH)
        super().__init__(write_only=True, trim_whitespace=False, style={"input_type": "password"}, **kwargs)


class SignInSerializer(StrictSerializer):
    """Email and password."""

    email = serializers.EmailField(max_length=254)
    password = PasswordField()


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=2000)


class AccessSerializer(StrictSerializer):
    """An access token."""

    token = serializers.CharField(max_length=2000)


class TokenPairSerializer(serializers.Serializer[Any]):
    """What signing in and refreshing give."""

    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`.")
    refresh = serializers.CharField(help_text="Good for one refresh, which gives the next one.")
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good for.")


class PasswordChangeSerializer(StrictSerializer):
    """The old password and the new one."""

    current_password = PasswordField()
    new_password = PasswordField()


class ResetRequestSerializer(StrictSerializer):
    """Whose password was forgotten."""

    email = serializers.EmailField(max_length=254)


class ResetSerializer(StrictSerializer):
    """What the link in the mail says, and the new password."""

    user = serializers.UUIDField()
    token = serializers.CharField(max_length=100)
    new_password = PasswordField()


class UserSerializer(serializers.ModelSerializer[User]):
    """A person, as they see themselves."""

    class Meta:
        model = User
        fields = ["id", "email", "full_name", "is_staff"]
        read_only_fields = fields


class OrganizationRefSerializer(serializers.ModelSerializer[Organization]):
    """An organization in a few words."""

    class Meta:
        model = Organization
        fields = ["id", "name", "slug", "timezone"]
        read_only_fields = fields


class OwnMembershipSerializer(serializers.ModelSerializer[Membership]):
    """Where a person belongs, and as what."""

    organization = OrganizationRefSerializer(read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "role", "organization"]
        read_only_fields = fields


class MeSerializer(serializers.Serializer[Any]):
    """The caller: who, in which organization, and what they may do there."""

    user = UserSerializer()
    organization = OrganizationRefSerializer(
        allow_null=True, help_text="The one acted in; null until one of several is named by X-Organization."
    )
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    capabilities = serializers.ListField(child=serializers.CharField())
    memberships = OwnMembershipSerializer(many=True)


class SessionSerializer(serializers.ModelSerializer[TokenFamily]):
    """A sign-in on one device."""

    class Meta:
        model = TokenFamily
        fields = ["id", "user_agent", "created_at", "last_used_at", "expires_at"]
        read_only_fields = fields


class OrganizationSerializer(PodiumModelSerializer):
    """An organization, as its members see it."""

    url = serializers.HyperlinkedIdentityField(view_name="accounts:organization-detail")

    class Meta:
        model = Organization
        fields = [
            "id",
            "url",
            "name",
            "slug",
            "timezone",
            "retention_days",
            "created_at",
            "updated_at",
            "version",
        ]
        read_only_fields = ["id", "url", "created_at", "updated_at", "version"]


class NewOrganizationSerializer(OrganizationSerializer):
    """An organization to be founded, with its first owner."""

    slug = serializers.SlugField(max_length=80, required=False, help_text="Made from the name when left out.")
    owner_email = serializers.EmailField(max_length=254, write_only=True)

    class Meta(OrganizationSerializer.Meta):
        fields = [*OrganizationSerializer.Meta.fields, "owner_email"]


class MembershipSerializer(PodiumModelSerializer):
    """A member of the organization."""

    url = serializers.HyperlinkedIdentityField(view_name="accounts:membership-detail")
    email = serializers.EmailField(source="user.email", read_only=True)
    full_name = serializers.CharField(source="user.full_name", read_only=True)
    user = serializers.UUIDField(source="user_id", read_only=True)
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = Membership
        fields = ["id", "url", "user", "email", "full_name", "role", "created_at", "updated_at", "version"]
        read_only_fields = ["id", "url", "created_at", "updated_at", "version"]


class NewMembershipSerializer(MembershipSerializer):
    """A person to be made a member: somebody known by email, or somebody new."""

    email = serializers.EmailField(source="user.email", max_length=254)
    full_name = serializers.CharField(
        source="user.full_name", max_length=200, required=False, allow_blank=True, default=""
    )

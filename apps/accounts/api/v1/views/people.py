"""Organizations and their members."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.accounts.api.v1 import serializers
from apps.accounts.api.v1.filters import MembershipFilter
from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.accounts.selectors import members_of
from apps.accounts.services.members import add_member, change_role, require_right_to_remove
from apps.accounts.services.organizations import create_organization
from apps.core.access import Capability
from apps.core.errors import FieldError, Invalid
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin, organization_required
from apps.core.softdelete.rest import SoftDeleteMixin


class OrganizationViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """The organization that the caller acts in; all of them for the platform's staff."""

    model = Organization
    serializer_class = serializers.OrganizationSerializer
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.VIEW,
        "create": Capability.OPERATE,
        "destroy": Capability.OWN,
        "restore": Capability.OPERATE,
        "write": Capability.MANAGE_PEOPLE,
    }
    ordering = ("name",)
    ordering_fields = ("name", "created_at")
    search_fields = ("name", "slug")

    def rows(self) -> models.QuerySet[Organization]:
        organizations: models.QuerySet[Organization] = super().rows()
        if self.access.allows(Capability.OPERATE):
            return organizations
        return organizations.filter(pk__in=[self.access.organization_id])

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action == "create":
            return serializers.NewOrganizationSerializer
        return serializers.OrganizationSerializer

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Found it with its first owner, who has to have an account."""
        values = dict(serializer.validated_data)
        owner = User.objects.filter(email__iexact=values.pop("owner_email")).first()
        if owner is None:
            detail = "Nobody has an account with this address."
            raise Invalid(detail, errors=[FieldError("#/owner_email", "UNKNOWN_USER", detail)])
        serializer.instance = create_organization(owner=owner, **values)


class MembershipViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """Who belongs to the organization. Everybody sees and may end their own membership."""

    model = Membership
    serializer_class = serializers.MembershipSerializer
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.VIEW,
        "destroy": Capability.VIEW,
        "write": Capability.MANAGE_PEOPLE,
    }
    filterset_class = MembershipFilter
    ordering_fields = ("role", "created_at")
    search_fields = ("user__full_name", "user__email")

    def rows(self) -> models.QuerySet[Membership]:
        manages = self.access.allows(Capability.MANAGE_PEOPLE)
        return members_of(self.access.organization_id, only_user=None if manages else self.access.user_id)

    def get_serializer_class(self) -> Any:
        return serializers.NewMembershipSerializer if self.action == "create" else super().get_serializer_class()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Make a person a member."""
        person = serializer.validated_data["user"]
        serializer.instance = add_member(
            organization_id=organization_required(self.access),
            email=person["email"],
            full_name=person["full_name"],
            role=Role(serializer.validated_data["role"]),
            by=self.access,
        )

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Give them another role."""
        membership: Any = serializer.instance
        role = Role(serializer.validated_data.get("role", membership.role))
        serializer.instance = change_role(membership=membership, role=role, by=self.access)

    @transaction.atomic
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Remove a member, or leave. The last owner stays."""
        require_right_to_remove(membership=self.locked_object(), by=self.access)
        return super().destroy(request, *args, **kwargs)

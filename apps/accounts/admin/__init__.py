"""People and organizations in the admin."""

from apps.accounts.admin.organizations import OrganizationAdmin
from apps.accounts.admin.people import MembershipAdmin, UserAdmin

__all__ = ["MembershipAdmin", "OrganizationAdmin", "UserAdmin"]

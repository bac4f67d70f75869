"""Resilience in the admin: the breakers page, operators' policies, the history."""

from django.contrib import admin

from apps.resilience.admin.history import CircuitTransitionAdmin
from apps.resilience.admin.policies import ServicePolicyAdmin
from apps.resilience.models import CircuitTransition, ServicePolicy

admin.site.register(ServicePolicy, ServicePolicyAdmin)
admin.site.register(CircuitTransition, CircuitTransitionAdmin)

"""What `apps.core` shows in the admin."""

from django.contrib import admin

from apps.core.softdelete.bin import RecycleBinAdmin
from apps.core.softdelete.models import Deletion

admin.site.register(Deletion, RecycleBinAdmin)

"""Routes of the recycle bin and of history."""

from apps.core.api.v1.views import DeletionViewSet, HistoryViewSet, PersonViewSet
from apps.core.rest.routers import PodiumRouter

app_name = "core"

router = PodiumRouter()
router.register("deletions", DeletionViewSet, basename="deletion")
router.register("history", HistoryViewSet, basename="history")
router.register("users", PersonViewSet, basename="user")

urlpatterns = router.urls

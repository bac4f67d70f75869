"""Routes of the outbox."""

from apps.core.rest.routers import PodiumRouter
from apps.messaging.api.v1.views import OutboxViewSet

app_name = "messaging"

router = PodiumRouter()
router.register("outbox", OutboxViewSet, basename="outbox-message")

urlpatterns = router.urls

"""Routes of jobs and imports."""

from apps.core.rest.routers import PodiumRouter
from apps.operations.api.v1.views import FailedTaskViewSet, ImportViewSet, JobViewSet

app_name = "operations"

router = PodiumRouter()
router.register("failed-tasks", FailedTaskViewSet, basename="failed-task")
router.register("jobs", JobViewSet, basename="job")
router.register("imports", ImportViewSet, basename="import")

urlpatterns = router.urls

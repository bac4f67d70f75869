"""The routes of contests."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from apps.contests.api.v1.views import (
    allocation,
    analysis,
    certifications,
    cloning,
    exports,
    history,
    marks,
    people,
    public,
    reminding,
    scorecards,
    shows,
    structure,
)
from apps.core.rest.routers import PodiumRouter, route
from apps.core.rest.views import PodiumViewSet

app_name = "contests"

router = PodiumRouter()
router.register("contests", structure.ContestViewSet, basename="contest")
router.register("contests", analysis.AnalysisViewSet, basename="analysis")
router.register("contests", history.HistoryViewSet, basename="history")
router.register("contests", exports.ContestExportViewSet, basename="contest-export")
router.register("contests", shows.ShowViewSet, basename="show")
router.register("categories", shows.CategoryDrawViewSet, basename="category-draw")
router.register("draws", shows.DrawViewSet, basename="draw")
router.register("contests", allocation.AllocationViewSet, basename="contest-panels")
router.register("contests", reminding.RemindingViewSet, basename="contest-progress")
router.register("contests", cloning.ContestCloneViewSet, basename="contest-copy")
router.register("events", cloning.EventCloneViewSet, basename="event-copy")
router.register("categories", structure.CategoryViewSet, basename="category")
router.register("criteria", structure.CriterionViewSet, basename="criterion")
router.register("contestants", people.ContestantViewSet, basename="contestant")
router.register("entries", people.EntryViewSet, basename="entry")
router.register("judges", people.JudgeViewSet, basename="judge")
router.register("assignments", people.AssignmentViewSet, basename="assignment")
router.register("recusals", people.RecusalViewSet, basename="recusal")
router.register("scores", marks.ScoreViewSet, basename="score")
router.register("deductions", marks.DeductionViewSet, basename="deduction")
router.register("certifications", certifications.CertificationViewSet, basename="certification")

UUID = PodiumViewSet.lookup_value_regex
PUBLIC_CONTEST = rf"^public/contests/(?P<contest_id>{UUID})"
PUBLIC_EVENT = rf"^public/events/(?P<event_id>{UUID})/contests/$"
SEAT_CARDS = rf"^assignments/(?P<assignment_id>{UUID})/scorecards/$"
SCORECARD = rf"^assignments/(?P<assignment_id>{UUID})/scorecards/(?P<entry_id>{UUID})/$"
CONTEST = rf"^contests/(?P<pk>{UUID})"
SignOff = certifications.SignOffViewSet

urlpatterns: list[URLPattern | URLResolver] = [
    route(SEAT_CARDS, scorecards.SeatCardsViewSet.as_view({"get": "cards"}), name="seat-cards"),
    route(SCORECARD, scorecards.ScorecardViewSet.as_view({"get": "retrieve", "put": "update"}), name="scorecard"),
    route(rf"{CONTEST}/sign-off/$", SignOff.as_view({"get": "sign_off"}), name="contest-sign-off"),
    route(rf"{CONTEST}/sign/$", SignOff.as_view({"post": "sign"}), name="contest-sign"),
    route(rf"{CONTEST}/certification/$", SignOff.as_view({"get": "certification"}), name="contest-certification"),
    route(rf"{CONTEST}/certification/verify/$", SignOff.as_view({"get": "verify"}), name="contest-verify"),
    route(rf"{PUBLIC_CONTEST}/$", public.PublicContestView.as_view(), name="public-contest"),
    route(rf"{PUBLIC_CONTEST}/leaderboard/$", public.PublicLeaderboardView.as_view(), name="public-leaderboard"),
    route(
        rf"{PUBLIC_CONTEST}/certification/$", public.PublicCertificationView.as_view(), name="public-certification"
    ),
    route(PUBLIC_EVENT, public.PublicEventView.as_view(), name="public-event"),
    *router.urls,
]

"""What anybody may read. Numbers are decimal strings."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from apps.contests.api.v1.serializers.boards import BoardCategorySerializer, BoardRowSerializer
from apps.contests.enums import PublicBoardState
from apps.contests.models import Certification, Contest
from apps.contests.policies import public_state
from apps.contests.selectors.public import PublicBoard
from apps.core.rest.serializers import StrictSerializer
from apps.events.models import Event


class PublicEventHeadSerializer(StrictSerializer):
    """The event that a contest is in."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    venue = serializers.CharField()
    timezone = serializers.CharField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField()


class PublicContestSerializer(StrictSerializer):
    """A contest. `board` says what its leaderboard shows."""

    id = serializers.UUIDField()
    event = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    status = serializers.CharField()
    board = serializers.ChoiceField(choices=PublicBoardState.choices)
    frozen_at = serializers.DateTimeField(allow_null=True)
    leaderboard = serializers.URLField()
    certification = serializers.URLField(allow_null=True, help_text="Once the result is published.")


class PublicContestDetailSerializer(PublicContestSerializer):
    """A contest with its event."""

    event = PublicEventHeadSerializer()  # type: ignore[assignment]


class PublicEventSerializer(StrictSerializer):
    """An event and its public contests, in their order."""

    event = PublicEventHeadSerializer()
    contests = PublicContestSerializer(many=True)


class PublicCertificationSerializer(StrictSerializer):
    """What proves a published result; the marks in the certified document are not public."""

    contest = serializers.UUIDField()
    number = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of the certified document's canonical JSON (RFC 8785).")
    previous_digest = serializers.CharField(allow_blank=True)
    certified_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    supersedes = serializers.UUIDField(
        allow_null=True, help_text="The certification of the published result that this one corrects."
    )
    erratum = serializers.CharField(allow_blank=True, help_text="What was wrong with that one.")


class PublicBoardSerializer(StrictSerializer):
    """The standings as the public sees them."""

    contest = serializers.UUIDField()
    event = serializers.UUIDField()
    name = serializers.CharField()
    board = serializers.ChoiceField(choices=PublicBoardState.choices, help_text="`withheld`: there are no rows yet.")
    frozen_at = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField()
    policy_version = serializers.IntegerField()
    as_of = serializers.DateTimeField(allow_null=True)
    contestants = serializers.IntegerField()
    placed = serializers.IntegerField()
    certification = PublicCertificationSerializer(allow_null=True)
    rule = serializers.DictField()
    categories = BoardCategorySerializer(many=True)
    rows = BoardRowSerializer(many=True)


def show_event(event: Event) -> dict[str, Any]:
    """As `PublicEventHeadSerializer`."""
    return {name: getattr(event, name if name != "id" else "pk") for name in PublicEventHeadSerializer().fields}


def show_contest(contest: Contest, request: Request) -> dict[str, Any]:
    """As `PublicContestSerializer`."""
    state = public_state(contest)

    def address(name: str) -> str:
        return request.build_absolute_uri(reverse(f"v1:contests:{name}", kwargs={"contest_id": contest.pk}))

    is_published = state == PublicBoardState.PUBLISHED
    return {
        "id": contest.pk,
        "event": contest.event_id,
        "name": contest.name,
        "description": contest.description,
        "status": contest.status,
        "board": state,
        "frozen_at": contest.frozen_at if state == PublicBoardState.FROZEN else None,
        "leaderboard": address("public-leaderboard"),
        "certification": address("public-certification") if is_published else None,
    }


def show_certification(certification: Certification) -> dict[str, Any]:
    """As `PublicCertificationSerializer`."""
    return {
        "contest": certification.contest_id,
        "number": certification.number,
        "digest": certification.digest,
        "previous_digest": certification.previous_digest,
        "certified_at": certification.certified_at,
        "published_at": certification.published_at,
        "supersedes": certification.supersedes,
        "erratum": certification.erratum,
    }


def show_public_board(board: PublicBoard) -> dict[str, Any]:
    """As `PublicBoardSerializer`."""
    return {
        "contest": board.contest.pk,
        "event": board.contest.event_id,
        "name": board.contest.name,
        "board": board.state,
        "frozen_at": board.frozen_at,
        "status": board.status,
        "policy_version": board.policy_version,
        "as_of": board.as_of,
        "contestants": len(board.rows),
        "placed": board.placed,
        "certification": show_certification(board.certification) if board.certification else None,
        "rule": board.rule,
        "categories": board.categories,
        "rows": board.rows,
    }

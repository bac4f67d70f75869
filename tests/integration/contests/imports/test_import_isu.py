"""`manage.py import_isu` on five real competitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Organization
from apps.contests.enums import ContestStatus
from apps.contests.models import Assignment, Category, Contest, Contestant, Criterion, Entry, Judge, Score
from apps.contests.services.imports.isu_rows import MARKS, PERFORMANCES
from apps.core.outbox.models import OutboxMessage
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from tests.unit.contests.imports.small_files import small_files

pytestmark = pytest.mark.django_db

COUNTS = {
    Event: 5,
    Contest: 24,
    Category: 48,
    Criterion: 240,
    Contestant: 210,
    Judge: 432,
    Assignment: 432,
    Entry: 420,
    Score: 18_900,
}


def test_every_official_figure_comes_out_and_a_second_run_changes_nothing(
    organization: Organization, isu_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_isu", str(isu_folder), verify=True)
    first = capsys.readouterr()
    call_command("import_isu", str(isu_folder), organization="skating-union", verify=True)
    second = capsys.readouterr()

    assert json.loads(first.out) == {
        "performances": 420,
        "component_totals_exact": 420,
        "segment_totals_exact": 420,
        "ranks_exact": 420,
    }
    assert second.out == first.out
    with organization_scope(organization.pk):
        assert {model: model.objects.count() for model in COUNTS} == COUNTS
        assert set(Contest.objects.values_list("status", flat=True)) == {ContestStatus.LOCKED}


def test_bad_rows_are_listed_by_file_and_line_and_nothing_is_loaded(
    organization: Organization, tmp_path: Path
) -> None:
    for name, stream in small_files((MARKS, "a1,J1,7.0", "a1,J1,70"), (MARKS, "b1,J1,7.0", "b1,J1,7.1")).items():
        (tmp_path / name).write_bytes(stream.read())

    with pytest.raises(CommandError) as caught:
        call_command("import_isu", str(tmp_path))

    assert str(caught.value).splitlines()[1:] == [
        "  judge-scores.csv:3/score: score must be from 0.25 to 10, not 70.",
        "  judge-scores.csv:6/score: score goes in steps of 0.25; 7.1 is between two of them.",
    ]
    with organization_scope(organization.pk):
        assert Event.objects.count() == 0


@pytest.mark.usefixtures("organization")
def test_figures_that_differ_from_the_official_ones_are_counted_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, stream in small_files((PERFORMANCES, "41.20", "41.30")).items():
        (tmp_path / name).write_bytes(stream.read())

    with pytest.raises(CommandError) as caught:
        call_command("import_isu", str(tmp_path), verify=True)

    assert json.loads(capsys.readouterr().out) == {
        "performances": 4,
        "component_totals_exact": 4,
        "segment_totals_exact": 3,
        "ranks_exact": 4,
    }
    assert str(caught.value).splitlines() == [
        "1 performances differ from the official figures:",
        "Lake Cup 2026, Ladies, Short program, number 2: 11.20 / 41.20 / 1, officially 11.20 / 41.30 / 1",
    ]


def test_progress_goes_to_stderr_and_counts_to_stdout(
    organization: Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, stream in small_files().items():
        (tmp_path / name).write_bytes(stream.read())
    call_command("import_isu", str(tmp_path), organization=organization.slug)
    captured = capsys.readouterr()

    assert captured.err.splitlines()[:2] == ["  0 %  Lake Cup 2026: Ladies", "100 %  Saving"]
    assert json.loads(captured.out)["scores"] == 24


def test_a_folder_without_the_files_is_named(organization: Organization, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"performances\.csv can't be read: No such file or directory"):
        call_command("import_isu", str(tmp_path), organization=organization.slug)


@pytest.mark.usefixtures("organization")
def test_with_several_organizations_one_must_be_named(tmp_path: Path) -> None:
    Organization.objects.create(name="Other Union", slug="other-union")

    with pytest.raises(CommandError, match="one of: other-union, skating-union"):
        call_command("import_isu", str(tmp_path))
    with pytest.raises(CommandError, match="There is no organization 'nobody'"):
        call_command("import_isu", str(tmp_path), organization="nobody")


def test_without_an_organization_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"manage\.py bootstrap"):
        call_command("import_isu", str(tmp_path))


def test_an_import_is_one_story(organization: Organization, tmp_path: Path) -> None:
    for name, stream in small_files().items():
        (tmp_path / name).write_bytes(stream.read())
    call_command("import_isu", str(tmp_path))

    stories = set(OutboxMessage.objects.values_list("correlation_id", flat=True))
    assert (len(stories), "" in stories) == (1, False)
    assert set(OutboxMessage.objects.values_list("organization_id", flat=True)) == {organization.pk}
    assert "contest.locked" in OutboxMessage.objects.values_list("type", flat=True)

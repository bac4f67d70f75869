"""Environment variables: parsing, secrets from files, and the table that the docs are made from."""

import ast
from pathlib import Path
from typing import Any

import pytest

from config import env, variable
from config.variable import EnvironmentVariableError, Kind, Variable

WORD = Variable("WORD", variable.TEXT, "default", "A word.")
SECRET = Variable("SECRET", variable.TEXT, "", "A secret.", secret=True)


def test_an_unset_variable_has_its_default() -> None:
    assert env.read(WORD, {}) == "default"


def test_an_empty_value_counts_as_unset() -> None:
    assert env.read(WORD, {"WORD": ""}) == "default"
    assert not env.is_set(WORD, {"WORD": ""})


def test_the_process_environment_is_read_where_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "given")
    assert (env.read(WORD), env.is_set(WORD), env.require(WORD)) == ("given", True, "given")


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (variable.TEXT, " kept as it is ", " kept as it is "),
        (variable.WHOLE, "0", 0),
        (variable.WHOLE, "20", 20),
        (variable.PORT_NUMBER, "65535", 65535),
        (variable.SECONDS, "0.5", 0.5),
        (variable.NAMES, "a.example, b.example,,", ("a.example", "b.example")),
        (variable.PATH, "/var/podium", Path("/var/podium")),
        (variable.PATH, "somewhere", env.ROOT / "somewhere"),
        (variable.POSTGRES_URL, "postgres://db/podium", "postgres://db/podium"),
        (variable.REDIS_LIKE_URL, "rediss://cache/0", "rediss://cache/0"),
        (variable.BROKER_URL, "amqp://broker//", "amqp://broker//"),
        (variable.FILE_STORE_URL, "s3://bucket/prefix", "s3://bucket/prefix"),
        (variable.LOG_LEVELS, "WARNING", "WARNING"),
        (variable.LOG_FORMATS, "json", "json"),
    ],
)
def test_a_value_is_parsed_by_its_kind(kind: Kind[Any], raw: str, value: object) -> None:
    assert env.read(Variable("X", kind, None, "Something."), {"X": raw}) == value


@pytest.mark.parametrize(
    ("kind", "raw", "wanted"),
    [
        (variable.WHOLE, "-1", "a whole number, zero or more"),
        (variable.WHOLE, "1.5", "a whole number, zero or more"),
        (variable.PORT_NUMBER, "0", "a port from 1 to 65535"),
        (variable.PORT_NUMBER, "65536", "a port from 1 to 65535"),
        (variable.PORT_NUMBER, "²", "a port from 1 to 65535"),
        (variable.SECONDS, "0", "a number of seconds above zero"),
        (variable.SECONDS, "nan", "a number of seconds above zero"),
        (variable.SECONDS, "inf", "a number of seconds above zero"),
        (variable.SECONDS, "soon", "a number of seconds above zero"),
        (variable.POSTGRES_URL, "mysql://db/podium", "a URL that begins with postgres:// or postgresql://"),
        (variable.POSTGRES_URL, "postgresql://", "a URL that begins with postgres:// or postgresql://"),
        (variable.REDIS_LIKE_URL, "redis", "a URL that begins with redis:// or rediss:// or unix://"),
        (variable.FILE_STORE_URL, "/media", "a URL that begins with file:// or s3://"),
        (variable.LOG_LEVELS, "LOUD", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ],
)
def test_a_bad_value_is_named_with_what_it_must_be(kind: Kind[Any], raw: str, wanted: str) -> None:
    with pytest.raises(EnvironmentVariableError) as raised:
        env.read(Variable("X", kind, None, "Something."), {"X": raw})
    assert str(raised.value) == f"X must be {wanted}, not {raw!r}. It means: Something."


def test_a_bad_secret_is_not_shown() -> None:
    url = Variable("URL", variable.POSTGRES_URL, "", "A database.", secret=True)
    with pytest.raises(EnvironmentVariableError) as raised:
        env.read(url, {"URL": "mysql://user:hunter2@db/"})
    assert str(raised.value) == (
        "URL must be a URL that begins with postgres:// or postgresql://. It means: A database."
    )
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret with spaces \n")
    environ = {"SECRET_FILE": str(tmp_path / "secret")}
    assert env.read(SECRET, environ) == "s3cret with spaces "
    assert env.is_set(SECRET, environ)


def test_only_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("from a file")
    assert env.read(WORD, {"WORD_FILE": str(tmp_path / "word")}) == "default"


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentVariableError, match=r"^SECRET and SECRET_FILE are both set: set one\.$"):
        env.read(SECRET, {"SECRET": "one", "SECRET_FILE": str(tmp_path)})


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentVariableError) as raised:
        env.read(SECRET, {"SECRET_FILE": f"{tmp_path}/none"})
    assert str(raised.value) == f"SECRET_FILE names '{tmp_path}/none', unreadable: No such file or directory."


def test_a_secret_file_that_is_not_text_is_named_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(EnvironmentVariableError, match=r"unreadable: it is not UTF-8 text\.$"):
        env.read(SECRET, {"SECRET_FILE": str(tmp_path / "binary")})


def test_a_required_variable_that_is_missing_is_named() -> None:
    with pytest.raises(EnvironmentVariableError, match="SECRET"):
        env.require(SECRET, {})


def test_each_variable_is_in_the_table_once_and_said_in_a_sentence() -> None:
    names = [entry.name for entry in env.TABLE]
    assert len(set(names)) == len(names)
    assert [entry.name for entry in env.TABLE if not entry.meaning.endswith(".")] == []
    assert [name for name in names if getattr(env, name).name != name] == []


def test_each_variable_is_read_somewhere() -> None:
    read = {
        node.attr
        for folder in ("apps", "config")
        for path in (env.ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "env"
    }
    assert [entry.name for entry in env.TABLE if entry.name not in read] == []


def test_the_docs_table_has_a_row_for_each_variable_and_marks_secrets() -> None:
    rows = env.markdown_table().splitlines()
    assert rows[:2] == ["| variable | type | default | meaning |", "|---|---|---|---|"]
    assert [row.split("`")[1] for row in rows[2:]] == [entry.name for entry in env.TABLE]
    assert [row.split("`")[1] for row in rows if "**Secret**" in row] == [
        entry.name for entry in env.TABLE if entry.secret
    ]
    assert "| `PORT` | port | `8000` | Port that `make run` listens on. |" in rows


def test_the_docs_page_is_checked_against_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "configuration.md"
    page.write_text(f"# Configuration\n\n{env.markdown_table()}\nMore.\n")
    assert env.main([str(page)]) == 0
    page.write_text(page.read_text().replace("`8000`", "`8080`"))
    assert env.main([str(page)]) == 1
    assert "out of date" in capsys.readouterr().err
    assert env.main([]) == 0
    assert capsys.readouterr().out == env.markdown_table()

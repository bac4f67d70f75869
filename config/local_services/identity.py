"""What makes the services of one home its own: marker, passwords and ports, kept over restarts."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from config.local_services.errors import LocalServiceError

FILE_NAME: Final = "identity.json"
SERVER_NAMES: Final = ("postgres", "valkey")


@dataclass(frozen=True)
class Identity:
    """`place` is the state folder that this was written in; passwords and ports are by the server's name."""

    place: str
    marker: str
    passwords: dict[str, str]
    ports: dict[str, int]


def load_identity(state: Path) -> Identity:
    """The identity of a home, made at first use.

    A home that was copied gets a marker and ports of its own, or it would find the servers of the original
    and take them for its own. One that was moved keeps all it has.
    """
    identity = _read(state) or Identity(
        place=str(state),
        marker=_new_marker(),
        passwords={name: secrets.token_urlsafe(24) for name in SERVER_NAMES},
        ports={},
    )
    original = None if identity.place == str(state) else _read(Path(identity.place))
    if original is not None and original.marker == identity.marker:
        identity = replace(identity, marker=_new_marker(), ports={})
    identity = replace(identity, place=str(state))
    save_identity(state, identity)
    return identity


def save_identity(state: Path, identity: Identity) -> None:
    """Write it so that a crash leaves either the old one or the new one."""
    draft = state / f"{FILE_NAME}.draft"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(identity), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state / FILE_NAME)


def _read(state: Path) -> Identity | None:
    path = state / FILE_NAME
    try:
        return Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (ValueError, TypeError) as error:
        raise LocalServiceError(
            f"{path} is damaged. It holds the passwords of the data beside it: restore it, or remove {state}."
        ) from error


def _new_marker() -> str:
    return f"podium-{secrets.token_hex(8)}"

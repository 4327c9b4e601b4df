"""Where gateways have their Unix sockets for operators, so that the command line finds them: pure functions of the
environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

AUTO: Final = "auto"
"""What `server.management.socket` says for a socket in the folder that the environment names."""
MOST_PATH_BYTES: Final = 107
"""The longest path of a Unix socket: the kernel takes 108 bytes, the last of them zero (unix(7))."""
PATTERN: Final = "argus-trio*.sock"
"""What the names of such sockets match, below each of `folders_to_search`."""
SYSTEM_FOLDER: Final = Path("/run/argus-trio")
"""Where `RuntimeDirectory=argus-trio` of a system service is."""
_OF_SERVICE: Final = "RUNTIME_DIRECTORY"
_OF_USER: Final = "XDG_RUNTIME_DIR"
_BELOW: Final = "argus-trio"


def socket_folder(environ: Mapping[str, str]) -> Path | None:
    """Where the socket of `auto` is: the folder of the service, else one in that of the user; None without either."""
    return next(iter(_own_folders(environ)), None)


def socket_name(port: int | None) -> str:
    """The file name of `auto`: by the port, which differs for several gateways of one user; None stands for a gateway
    that listens on no port."""
    return "argus-trio.sock" if port is None else f"argus-trio-{port}.sock"


def folders_to_search(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders in which a gateway's socket may be, without repetition: the nearest first."""
    return tuple(dict.fromkeys((*_own_folders(environ), SYSTEM_FOLDER)))


def _own_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    of_service = [Path(each) for each in environ.get(_OF_SERVICE, "").split(":") if each.startswith("/")]
    of_user = environ.get(_OF_USER, "")
    return (*of_service, *((Path(of_user) / _BELOW,) if of_user.startswith("/") else ()))

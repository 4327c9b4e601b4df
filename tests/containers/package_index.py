"""An index of Python packages and a registry of npm packages on this machine, that let in who has the password."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import attrs

NAME = "argus-canary-tool"
CANARY = "canary-7f3a91-password"
_AUTHORIZATION = "Basic " + base64.b64encode(f"builder:{CANARY}".encode()).decode()


@attrs.define
class PackageIndex:
    """What is published there, and what was asked for."""

    port: int = 0
    versions: list[str] = attrs.field(factory=lambda: ["1.0.0"])
    asked: threading.Event = attrs.field(factory=threading.Event)
    """Set once anything was asked for."""
    may_answer: threading.Event = attrs.field(factory=threading.Event)
    """Cleared, nothing is answered."""

    @property
    def python_url(self) -> str:
        """With credentials, at an address of this machine."""
        return f"http://builder:{CANARY}@127.0.0.1:{self.port}/simple"

    @property
    def npm_url(self) -> str:
        """The same for npm."""
        return f"http://builder:{CANARY}@127.0.0.1:{self.port}/npm/"

    def answer(self, path: str, host: str) -> bytes | None:
        """What stands at a path."""
        files = {_wheel_name(version): _wheel(version) for version in self.versions}
        files |= {f"tool-{version}.tgz": _tarball(version) for version in self.versions}
        if path == f"/simple/{NAME}/":
            links = [f'<a href="/files/{name}">{name}</a>' for name in files if name.endswith(".whl")]
            return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        if path == f"/npm/{NAME}":
            return json.dumps(_packument(self.versions, host)).encode()
        return files.get(path.removeprefix("/files/"))


@contextmanager
def serving_packages() -> Iterator[PackageIndex]:
    """An index that serves, for the length of the block."""
    index = PackageIndex()
    index.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        served: ClassVar[PackageIndex] = index

        def do_GET(self) -> None:
            self.served.asked.set()
            self.served.may_answer.wait(60)
            if self.headers.get("Authorization") != _AUTHORIZATION:
                self._send(401, b"no", ("WWW-Authenticate", 'Basic realm="packages"'))
                return
            found = self.served.answer(self.path.partition("?")[0], self.headers.get("Host", ""))
            self._send(404 if found is None else 200, found or b"nothing")

        def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
            kind = "text/html" if self.path.startswith("/simple") else "application/octet-stream"
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(body))), ("Content-Type", kind)):
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # who is killed reads no more
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the class has it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        index.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def _wheel_name(version: str) -> str:
    return f"{NAME.replace('-', '_')}-{version}-py3-none-any.whl"


def _wheel(version: str) -> bytes:
    info = f"{NAME.replace('-', '_')}-{version}.dist-info"
    files = {
        "argus_canary_tool.py": "def main():\n    print('tool')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{NAME} = argus_canary_tool:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return target.getvalue()


def _tarball(version: str) -> bytes:
    manifest = {"name": NAME, "version": version, "bin": {NAME: "cli.js"}}
    files = {
        "package/package.json": json.dumps(manifest),
        "package/cli.js": "#!/usr/bin/env node\nconsole.log('tool')\n",
    }
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return target.getvalue()


def _packument(versions: list[str], host: str) -> dict[str, object]:
    def manifest(version: str) -> dict[str, object]:
        # gzip writes the time: what is sent later has another digest, so there is none here
        tarball = f"http://{host}/files/tool-{version}.tgz"
        return {"name": NAME, "version": version, "bin": {NAME: "cli.js"}, "dist": {"tarball": tarball}}

    return {
        "name": NAME,
        "dist-tags": {"latest": versions[-1]},
        "versions": {version: manifest(version) for version in versions},
    }

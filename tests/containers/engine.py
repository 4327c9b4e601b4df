"""What the tests ask a container engine, over its Unix socket, in a few lines that are apart from what is tested."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

Json = dict[str, Any]
ASK_SECONDS = 60.0
"""Any one answer; an engine on a busy machine takes some seconds for a start."""


class Refusal(Exception):
    """The engine answered with an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("engine", timeout=ASK_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ASK_SECONDS)
        self.sock.connect(self._path)


class Engine:
    """One engine. `url` is what DOCKER_HOST would be."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.socket = url.removeprefix("unix://")

    def ask(self, method: str, path: str, body: Json | Iterable[bytes] | None = None, **query: object) -> Any:
        """What it answers, decoded if it is JSON. Raises: Refusal; OSError where nobody answers."""
        address = path + (f"?{urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/json" if isinstance(body, dict) else "application/x-tar"}
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        connection = _Connection(self.socket)
        try:
            connection.request(method, address, sent, headers, encode_chunked=not isinstance(sent, bytes | None))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise Refusal(answer.status, text.decode(errors="replace").strip())
        return json.loads(text) if "json" in answer.headers.get("Content-Type", "") and text.strip() else text

    def answers(self) -> bool:
        try:
            self.ask("GET", "/_ping")
        except (OSError, Refusal):
            return False
        return True

    @property
    def is_podman(self) -> bool:
        return any("Podman" in part["Name"] for part in self.ask("GET", "/version")["Components"])

    def has_image(self, reference: str) -> bool:
        try:
            self.ask("GET", f"/images/{quote(reference)}/json")
        except Refusal as refusal:
            if refusal.status == 404:
                return False
            raise
        return True

    def containers(self, *labels: str) -> list[Json]:
        """All containers with these labels (`NAME` or `NAME=VALUE`), running or not."""
        found: list[Json] = self.ask("GET", "/containers/json", all="true", filters=json.dumps({"label": list(labels)}))
        return found

    def inspect(self, container: str) -> Json:
        found: Json = self.ask("GET", f"/containers/{container}/json")
        return found

    def run(self, image: str, command: list[str], *, name: str, **config: object) -> str:
        """Start a container of the test's own, without network; its id. Whoever calls it removes it."""
        body: Json = {"Image": image, "Entrypoint": command, "HostConfig": {"NetworkMode": "none"}, **config}
        created: Json = self.ask("POST", "/containers/create", body, name=name)
        try:
            self.ask("POST", f"/containers/{created['Id']}/start")
        except Refusal:
            self.remove(str(created["Id"]))
            raise
        return str(created["Id"])

    def exit_code(self, container: str, *command: str) -> int:
        """How a command ends that is run in a container that runs, as its user."""
        made: Json = self.ask("POST", f"/containers/{container}/exec", {"Cmd": list(command), "Detach": True})
        self.ask("POST", f"/exec/{made['Id']}/start", {"Detach": True})
        while (found := self.ask("GET", f"/exec/{made['Id']}/json"))["Running"]:
            pass  # it is asked over a socket each time
        return int(found["ExitCode"])

    def remove(self, container: str) -> None:
        """Kill it if it runs, and remove it; that it is gone already is no error."""
        try:
            self.ask("DELETE", f"/containers/{container}", force="true", v="true")
        except Refusal as refusal:
            if refusal.status not in {404, 409}:
                raise

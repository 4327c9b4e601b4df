"""Makes the paths of a configuration absolute: they are relative to the folder of the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.read.splice import located
from argus_trio.contract.sockets import AUTO


@attrs.frozen(kw_only=True)
class Locator(Value):
    """Makes paths absolute: relative ones start at `folder`, `~/` is `environ["HOME"]`."""

    folder: Path
    environ: Mapping[str, str]

    def config(self, config: Config) -> Config:
        """The configuration with every path absolute, and `~/` replaced."""
        server = config.server
        if server.tls is not None:
            tls = attrs.evolve(
                server.tls, cert_file=self._path(server.tls.cert_file), key_file=self._path(server.tls.key_file)
            )
            server = attrs.evolve(server, tls=tls)
        management = server.management
        if management.socket and management.socket != AUTO:
            socket = str(self._path(Path(management.socket)))
            server = attrs.evolve(server, management=attrs.evolve(management, socket=socket))
        backends = {name: self._backend(backend) for name, backend in config.backends.items()}
        env_file = None if config.env_file is None else self._path(config.env_file)
        return attrs.evolve(config, env_file=env_file, server=server, backends=MappingProxyType(backends))

    def _backend(self, backend: BackendSpec) -> BackendSpec:
        if isinstance(backend, StdioBackend):
            cwd = None if backend.cwd is None else self._path(backend.cwd)
            container = self._container(backend.container)
            return attrs.evolve(backend, command=self._command(backend.command), cwd=cwd, container=container)
        if backend.tls.ca_file is None:
            return backend
        return attrs.evolve(backend, tls=attrs.evolve(backend.tls, ca_file=self._path(backend.tls.ca_file)))

    def _container(self, container: Container) -> Container:
        mounts = tuple(attrs.evolve(each, source=self._path(each.source)) for each in container.mounts)
        dockerfile, ca_bundle = (
            None if path is None else self._path(path) for path in (container.dockerfile, container.ca_bundle)
        )
        return attrs.evolve(container, mounts=mounts, dockerfile=dockerfile, ca_bundle=ca_bundle)

    def _path(self, path: Path) -> Path:
        return located(str(path), folder=self.folder, environ=self.environ)

    def _command(self, command: str) -> str:
        """A command without a slash is looked up in PATH; one with a slash is a path like any other."""
        return str(self._path(Path(command))) if "/" in command else command

"""What is installed into an image, and how: decided without I/O. The tag says all that matters, and nothing secret."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.image.making.indexes import (
    npm_credentials,
    secrets_in,
    seen_inside,
    service_of,
    without_credentials,
)
from argus_trio.sandbox.plan.network import NetworkPolicy
from argus_trio.sandbox.plan.outcome import CA_TARGET, PACKAGE_PROGRAM, InstalledImage

FORMAT: Final = 1
"""Goes into each digest: raised when what an installation does changes so that earlier images must not be used."""
REPOSITORY: Final = "argus-trio"
"""The first part of the name of every image that is made here; nothing else is ever removed."""
NAME_CHARACTERS: Final = 64
"""The longest name that an image gets of its package; an engine takes up to 255, of which a listing shows less."""

_INSTALLERS: Final = Path(__file__).with_name("installers")
_USUAL_HOSTS: Final = {
    "python": ("https://pypi.org", "https://files.pythonhosted.org"),
    "node": ("https://registry.npmjs.org",),
}
"""Indexes are trusted by name: they may be served by a mirror at a private address."""
_PASSED: Final = {
    "python": ("PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"),
    "node": ("npm_config_strict_ssl", "npm_config_fetch_retries", "npm_config_fetch_timeout"),
}
_BROWSERS: Final = ("PUPPETEER_SKIP_DOWNLOAD", "PUPPETEER_SKIP_CHROMIUM_DOWNLOAD", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD")
"""No package fetches a browser as it is installed: it would be put into a home that no image keeps."""
_PIP_OPTIONS: Final = (
    "install",
    "--no-cache-dir",
    "--disable-pip-version-check",
    "--root-user-action=ignore",
    "--progress-bar=off",
    "--no-input",
)
_NPM_OPTIONS: Final = (
    "install",
    "--global",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-progress",
    "--loglevel=http",
)
_PYTHON_NAME: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


PACKAGES_VARIABLE: Final = "ARGUS_PACKAGES"
"""What tells `install.py` what to install: a list in JSON."""


@attrs.frozen(kw_only=True)
class Recipe(Value):
    """How an image is made."""

    image: InstalledImage
    name: str
    """What it is called: the name of its first package, as a part of a repository's."""
    digest: str
    """Of all that matters, in hexadecimal digits."""

    @property
    def tag(self) -> str:
        """The name by which it is found again."""
        return f"{REPOSITORY}/{self.name}:{self.digest[:12]}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its log must not show."""
        image = self.image
        urls = (*image.packages, image.index_url or "", *image.extra_index_urls, image.npm_registry or "")
        return tuple(secret for url in urls for secret in secrets_in(url))


def recipe_of(image: InstalledImage, ca_bundle: bytes = b"") -> Recipe:
    """The recipe of an image; `ca_bundle` is what stands in the bundle that it trusts."""
    facts = {
        "format": FORMAT,
        "base": image.base,
        "kind": image.kind,
        "packages": [without_credentials(package) for package in image.packages],
        "indexes": [without_credentials(url) for url in (image.index_url or "", *image.extra_index_urls)],
        "registry": without_credentials(image.npm_registry or ""),
        "ca": hashlib.sha256(ca_bundle).hexdigest() if ca_bundle else "",
        "link": image.links_program,
        "prereleases": image.with_prereleases,
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return Recipe(image=image, name=repository_name(image), digest=digest)


def repository_name(image: InstalledImage) -> str:
    """The name of the first package, in the characters that a repository's may have."""
    first = image.packages[0] if image.packages else image.kind
    plain = without_credentials(first)
    if "://" in plain:
        plain = re.sub(r"(\.git)?([@#?].*)?$", "", plain.split("://", 1)[1].rstrip("/").rpartition("/")[2])
    elif image.kind == "python":
        named = _PYTHON_NAME.match(plain)
        plain = named.group(1) if named else plain
    else:
        plain = plain[:1] + plain[1:].split("@", 1)[0]
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:NAME_CHARACTERS].strip("-")
    return name or image.kind


def installation_argv(image: InstalledImage) -> tuple[str, ...]:
    """What is run in a container of the base. Nothing of it is secret: everybody on this machine sees a command line.

    But npm is told its packages there, and so is git.
    """
    order = {
        "packages": [] if image.kind == "python" else image.packages,
        "options": options_of(image),
        "link": PACKAGE_PROGRAM if image.links_program else "",
    }
    said = json.dumps(order)
    if image.kind == "python":
        return ("python3", "-I", "-c", (_INSTALLERS / "install.py").read_text("utf-8"), said)
    return ("node", "-e", (_INSTALLERS / "install.js").read_text("utf-8"), "--", said)


def options_of(image: InstalledImage) -> tuple[str, ...]:
    """What pip or npm is told besides the packages."""
    if image.kind == "node":
        return _NPM_OPTIONS
    return (*_PIP_OPTIONS, "--pre") if image.with_prereleases else _PIP_OPTIONS


def installation_env(image: InstalledImage, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variables of an installation, credentials included: they are handed to it when it runs, and kept nowhere.

    None of a proxy: the filter that its traffic passes goes by the gateway's own.
    """
    env = {name: value for name in _PASSED[image.kind] if (value := environ.get(name))}
    if image.ca_bundle is not None:
        env |= dict.fromkeys(
            ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"), CA_TARGET
        )
    env |= dict.fromkeys(_BROWSERS, "1") | {"HOME": "/tmp", "PIP_BREAK_SYSTEM_PACKAGES": "1"}  # noqa: S108 - in the container, where it is not kept
    if image.kind == "python":
        env[PACKAGES_VARIABLE] = json.dumps(image.packages)
    return MappingProxyType(env | (_pip_env(image) if image.kind == "python" else _npm_env(image, environ)))


def _pip_env(image: InstalledImage) -> dict[str, str]:
    env = {} if image.index_url is None else {"PIP_INDEX_URL": seen_inside(image.index_url)}
    if image.extra_index_urls:
        env["PIP_EXTRA_INDEX_URL"] = " ".join(map(seen_inside, image.extra_index_urls))
    return env


def _npm_env(image: InstalledImage, environ: Mapping[str, str]) -> dict[str, str]:
    env = {name: value for name, value in environ.items() if name.startswith(("npm_config_//", "npm_config_@"))}
    if image.npm_registry is None:
        return env
    registry = seen_inside(image.npm_registry)
    return env | {"npm_config_registry": without_credentials(registry)} | npm_credentials(registry)


def installation_network(image: InstalledImage, environ: Mapping[str, str]) -> NetworkPolicy:
    """What an installation may reach: every public address, for packages fetch what they need from anywhere, and the
    indexes that it was given, wherever they are.

    Raises:
        LinkFailed: an index is named by an address, and a container finds hosts by their names alone.
    """
    python, node = image.kind == "python", image.kind == "node"
    named = {url: "container.index_url" for url in (image.index_url, *image.extra_index_urls) if url and python}
    if image.npm_registry and node:
        named[image.npm_registry] = "container.npm_registry"
    named |= {value: name for name, value in environ.items() if name.startswith("npm_config_@") and node}
    services = [service_of(url) for url in _USUAL_HOSTS[image.kind]]
    for url, key in named.items():
        services.append(service_of(url))
        if services[-1] is None:
            raise LinkFailed(
                f"{without_credentials(url)} has no host's name, and a container reaches hosts by their names alone: "
                f"give it one in /etc/hosts, and write that ({key})"
            )
    return NetworkPolicy(mode="public", services=tuple(dict.fromkeys(rule for rule in services if rule is not None)))

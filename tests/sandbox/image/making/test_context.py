"""The context of a Dockerfile: what is in it, what is left out, and nothing from outside."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.image.making import context as module
from argus_trio.sandbox.image.making.context import read_context, read_ignored
from argus_trio.sandbox.image.making.dockerfiles import tag_of


def filled(folder: Path) -> Path:
    (folder / "src" / "deep").mkdir(parents=True)
    for name in ("Dockerfile", "src/a.py", "src/deep/b.log", "notes.md"):
        (folder / name).write_text(name)
    return folder / "Dockerfile"


def names(dockerfile: Path) -> set[str]:
    return {each.name for each in read_context(dockerfile).files}


def test_a_tar_has_the_files_of_the_folder_and_links_as_links(tmp_path: Path) -> None:
    dockerfile = filled(tmp_path)
    (tmp_path / "outside").symlink_to("/etc/passwd")
    os.link(tmp_path / "src" / "a.py", tmp_path / "same.py")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        target = io.BytesIO()
        read_context(dockerfile).write_tar(target)
    target.seek(0)
    with tarfile.open(fileobj=target) as tar:
        found = {entry.name: entry for entry in tar}
        text = tar.extractfile("same.py")
        assert text is not None
        assert text.read() == b"src/a.py"
    assert set(found) == {
        "Dockerfile", "notes.md", "outside", "same.py", "src", "src/a.py", "src/deep", "src/deep/b.log",
    }  # fmt: skip
    assert (found["outside"].issym(), found["outside"].linkname) == (True, "/etc/passwd")
    assert {(entry.uid, entry.gid, entry.uname) for entry in found.values()} == {(0, 0, "")}


def test_what_dockerignore_names_is_left_out_but_itself_and_the_dockerfile(tmp_path: Path) -> None:
    dockerfile = filled(tmp_path)
    (tmp_path / ".dockerignore").write_text("# a comment\n\n*\n!src\n**/*.log\n")
    assert names(dockerfile) == {"Dockerfile", ".dockerignore", "src", "src/a.py", "src/deep"}


@pytest.mark.parametrize(
    ("pattern", "name", "is_out"),
    [
        ("a", "a/b/c", True),
        ("/a/", "a", True),
        ("a", "b/a", False),
        ("**/a", "b/c/a", True),
        ("**/a", "a", True),
        ("*.py", "x.py", True),
        ("*.py", "b/x.py", False),
        ("a/**", "a/b/c", True),
        ("a?c", "abc", True),
        ("a.c", "abc", False),
        ("a\n!a/b", "a/b/c", False),
        ("a\n!a/b\na/b/c", "a/b/c", True),
        (".", "a", False),
    ],
)
def test_patterns_mean_what_they_mean_to_docker(pattern: str, name: str, *, is_out: bool) -> None:
    assert read_ignored(pattern)(name) is is_out


def test_the_digest_changes_with_what_is_built_and_not_with_what_is_left_out(tmp_path: Path) -> None:
    dockerfile = filled(tmp_path)
    (tmp_path / ".dockerignore").write_text("notes.md\n")
    first = read_context(dockerfile).digest
    (tmp_path / "notes.md").write_text("other")
    assert read_context(dockerfile).digest == first
    (tmp_path / "src" / "a.py").write_text("other")
    second = read_context(dockerfile).digest
    (tmp_path / "src" / "a.py").chmod(0o700)
    assert len({first, second, read_context(dockerfile).digest}) == 3


def test_the_image_is_called_like_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "My Server!"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x\n")
    assert tag_of(read_context(folder / "Dockerfile")).startswith("argus-trio/my-server:")


def test_a_dockerfile_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        LinkFailed, match=r"Dockerfile cannot be read: No such file or directory \(container\.dockerfile"
    ):
        read_context(tmp_path / "Dockerfile")


def test_a_folder_that_is_too_much_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dockerfile = filled(tmp_path)
    monkeypatch.setattr(module, "MAX_CONTEXT_FILES", 3)
    with pytest.raises(LinkFailed, match="name what it does not need in"):
        read_context(dockerfile)

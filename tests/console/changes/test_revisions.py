from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from console.changes import revisions
from console.changes.revisions import commit_of, files_at, latest_commits
from console.errors import ConsoleError
from tests.console.changes.repository import commit, git, repository, write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "project")


def test_a_revision_is_read_beside_the_working_tree(repo: Path) -> None:
    first = commit_of("HEAD", repo)
    commit(repo, {"handlers/reads/page.py": "SIZE = 2\n"})
    write(repo, {"handlers/reads/page.py": "SIZE = 3\n"})
    with files_at(first, repo) as folder:
        assert (folder / "handlers" / "reads" / "page.py").read_text() == "SIZE = 1\n"
    assert not folder.exists()
    assert (repo / "handlers" / "reads" / "page.py").read_text() == "SIZE = 3\n"
    assert git(repo, "worktree", "list").count("\n") == 0


def test_branches_tags_and_short_hashes_name_commits(repo: Path) -> None:
    git(repo, "tag", "v1")
    git(repo, "branch", "other")
    head = git(repo, "rev-parse", "HEAD")
    assert {commit_of(name, repo) for name in ("v1", "other", "HEAD", head[:8])} == {head}


@pytest.mark.parametrize("name", ["nothing", "HEAD~9", "--output=file", "HEAD:handlers"])
def test_what_is_no_commit_is_refused(repo: Path, name: str) -> None:
    with pytest.raises(ConsoleError, match="there is no revision") as raised:
        commit_of(name, repo)
    assert "git fetch --unshallow" in raised.value.hint
    assert not (repo / "file").exists()


def test_a_folder_outside_of_any_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ConsoleError, match="not a git repository"):
        commit_of("HEAD", tmp_path)
    assert latest_commits(tmp_path, 5) == []


def test_git_is_not_there(repo: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        with pytest.raises(ConsoleError, match="git is not installed"):
            commit_of("HEAD", repo)
        assert latest_commits(repo, 5) == []


def test_a_commit_that_git_lost(repo: Path) -> None:
    with pytest.raises(ConsoleError, match="git archive 0123"), files_at("0123456789", repo):
        pass


def test_commits_that_leave_the_program_alone_are_passed_over(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    commit(repo, {"README.md": "more", "tests/test_page.py": "", "docs/conf.py": ""})
    second = commit(repo, {"handlers/reads/page.py": "SIZE = 2\n"})
    third = commit(repo, {"Pulumi.yaml": "name: other\n"})
    assert latest_commits(repo, 9) == [third, second, first]
    assert latest_commits(repo, 1) == [third]


def test_git_takes_too_long(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **options: float) -> None:
        raise subprocess.TimeoutExpired("git", options["timeout"])

    monkeypatch.setattr(revisions.subprocess, "run", never)
    with pytest.raises(ConsoleError, match="git did not answer in 60 s"):
        commit_of("HEAD", repo)

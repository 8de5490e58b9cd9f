"""The simulated mount keeps NFS's rules."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest

from tests.simulation.surroundings.disk import MOUNT, Server
from tests.simulation.surroundings.mount import Mount

FOLDER, FILE = f"{MOUNT}/folder", f"{MOUNT}/folder/file"


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mounts(tmp_path: Path, clock: Clock) -> tuple[Mount, Mount]:
    """Two machines, and a folder."""
    server = Server(str(tmp_path), clock)
    server.create(FOLDER, is_folder=True)
    return Mount(server, clock, random.Random(1)), Mount(server, clock, random.Random(2))


def create(mount: Mount, path: str = FILE) -> None:
    inode = mount.create(path)
    Path(inode.content).write_bytes(b"content")
    mount.close(inode)


def test_that_a_name_is_missing_is_remembered_until_the_folder_is_listed(mounts: tuple[Mount, Mount]) -> None:
    here, elsewhere = mounts
    with pytest.raises(FileNotFoundError):
        here.status(FILE)
    create(elsewhere)
    with pytest.raises(FileNotFoundError):
        here.status(FILE)
    assert [*here.names(FOLDER)] == ["file"]
    assert here.status(FILE).st_size == len(b"content")


def test_what_is_remembered_is_asked_for_anew_after_a_minute(mounts: tuple[Mount, Mount], clock: Clock) -> None:
    here, elsewhere = mounts
    with pytest.raises(FileNotFoundError):
        here.status(FILE)
    create(elsewhere)
    clock.now_s = 61.0
    assert here.status(FILE).st_nlink == 1


def test_attributes_may_be_those_of_a_while_ago(mounts: tuple[Mount, Mount], clock: Clock) -> None:
    here, elsewhere = mounts
    create(elsewhere)
    before = here.status(FILE)
    clock.now_s = 2.0
    elsewhere.link(FILE, f"{FOLDER}/other")
    assert here.status(FILE) == before
    clock.now_s = 63.0
    assert here.status(FILE).st_ctime == 2.0


def test_a_file_that_another_machine_deletes_goes_stale(mounts: tuple[Mount, Mount]) -> None:
    here, elsewhere = mounts
    create(elsewhere)
    inode = here.open(FILE)
    elsewhere.unlink(FILE)
    with pytest.raises(OSError, match="file handle") as caught:
        for _ in range(20):  # what is in memory can still be read
            here.check_read(inode)
    assert caught.value.errno == errno.ESTALE


def test_a_file_that_is_deleted_where_it_is_open_stays_hidden_until_it_is_closed(mounts: tuple[Mount, Mount]) -> None:
    here, elsewhere = mounts
    create(here)
    inode = here.open(FILE)
    here.unlink(FILE)
    assert [name[:4] for name in elsewhere.names(FOLDER)] == [".nfs"]
    here.check_read(inode)
    here.close(inode)
    assert not elsewhere.names(FOLDER)


def test_of_two_who_give_one_name_one_wins(mounts: tuple[Mount, Mount]) -> None:
    here, elsewhere = mounts
    for mount, name in zip(mounts, ("1", "2"), strict=True):
        create(mount, f"{FOLDER}/{name}")
    here.link(f"{FOLDER}/1", FILE)
    with pytest.raises(FileExistsError):
        elsewhere.link(f"{FOLDER}/2", FILE)
    with pytest.raises(FileExistsError):
        elsewhere.create(FILE)

"""Where data and sockets stand."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from portal.supervisor.places import LONGEST_SOCKET_PATH, UNPRIVILEGED, PlaceError, can_reach, places
from tests.supervisor.conftest import needs_root


def longest_socket(instance_dir: Path) -> int:
    where = places(instance_dir)
    return max(len(str(where.postgres_sockets / ".s.PGSQL.5432")), len(str(where.valkey_socket)))


def test_everything_stands_in_the_instance_folder_when_it_can(instance_dir: Path) -> None:
    where = places(instance_dir)
    assert where.home == instance_dir
    assert not where.is_elsewhere
    assert where.sockets == instance_dir / "run"


def test_sockets_of_a_deep_folder_stand_in_a_short_one_that_is_found_again(instance_dir: Path) -> None:
    deep = instance_dir / ("deep" * 20) / ("deeper" * 10)
    deep.mkdir(parents=True)
    where = places(deep)
    where.prepare()
    try:
        assert longest_socket(deep) <= LONGEST_SOCKET_PATH
        assert places(deep).sockets == where.sockets
        assert deep not in where.sockets.parents
        assert where.sockets.stat().st_uid == os.getuid()
    finally:
        where.remove()
    assert not where.sockets.exists()
    # The folder made for them goes too; where it is a common one, such as /tmp, it stays.
    assert not where.sockets.parent.name.startswith("baton-") or not where.sockets.parent.exists()


def test_a_socket_folder_others_may_write_to_is_refused(instance_dir: Path) -> None:
    where = places(instance_dir)
    where.sockets.mkdir(parents=True)
    where.sockets.chmod(0o777)
    with pytest.raises(PlaceError, match="others may write to it"):
        where.prepare()


def test_the_folders_of_the_data_are_closed_to_others(instance_dir: Path) -> None:
    where = places(instance_dir)
    where.prepare()
    for folder in (where.valkey_data, where.logs, where.postgres_sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_removing_keeps_what_is_not_ours(instance_dir: Path) -> None:
    where = places(instance_dir)
    where.prepare()
    (instance_dir / "secret_key").write_text("kept")
    (instance_dir / "notes.txt").write_text("kept")
    where.remove()
    where.remove()
    assert sorted(path.name for path in instance_dir.iterdir()) == ["notes.txt", "secret_key"]


@needs_root
def test_under_root_postgres_gets_a_user_of_its_own(instance_dir: Path) -> None:
    where = places(instance_dir)
    where.prepare()
    assert where.runs_as == UNPRIVILEGED
    assert where.postgres_sockets.stat().st_uid == UNPRIVILEGED
    assert can_reach(where.postgres_sockets, UNPRIVILEGED)


@needs_root
def test_a_narrow_umask_does_not_lock_postgres_out(closed_instance_dir: Path) -> None:
    before = os.umask(0o077)
    try:
        where = places(closed_instance_dir)
        where.prepare()
    finally:
        os.umask(before)
    assert can_reach(where.postgres_sockets, UNPRIVILEGED)


@needs_root
def test_two_closed_folders_do_not_share_a_place(closed_instance_dir: Path) -> None:
    one, other = places(closed_instance_dir), places(closed_instance_dir / "other")
    assert one.is_elsewhere
    assert one.home != other.home


@needs_root
def test_data_is_found_again_after_its_folder_was_opened(closed_instance_dir: Path) -> None:
    where = places(closed_instance_dir)
    where.prepare()
    where.postgres_data.mkdir()
    closed_instance_dir.parent.chmod(0o755)
    closed_instance_dir.chmod(0o755)
    assert places(closed_instance_dir).home == where.home


@needs_root
def test_data_that_was_closed_off_is_refused_and_not_replaced_by_an_empty_database(instance_dir: Path) -> None:
    where = places(instance_dir)
    where.prepare()
    where.postgres_data.mkdir()
    instance_dir.parent.chmod(0o700)
    with pytest.raises(PlaceError, match="can no longer reach"):
        places(instance_dir)
    instance_dir.parent.chmod(0o755)
    shutil.rmtree(where.postgres_data)

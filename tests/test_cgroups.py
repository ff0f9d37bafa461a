"""What control groups leave a process, of both versions, read from trees made up here."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawl4ai_browser.cgroups import MemoryGroup, cpu_limit, memory_groups, usable_cores


def tree(root: Path, own: str, files: dict[str, str]) -> Path:
    """A root whose process is in the groups `own` says."""
    for name, text in {
        "proc/self/cgroup": own,
        **{f"sys/fs/cgroup/{name}": text for name, text in files.items()},
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_version_2_counts_the_tightest_group_on_the_way_up(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "0::/pod/one",
        {
            "pod/one/cpu.max": "max 100000",
            "pod/cpu.max": "150000 100000",
            "pod/one/memory.max": "1000",
            "pod/one/memory.current": "800",
            "pod/one/memory.stat": "anon 500\ninactive_file 250",
            "pod/memory.max": "max",
            "pod/memory.current": "900",
        },
    )
    assert cpu_limit(root) == 1.5
    assert memory_groups(root) == [MemoryGroup(limit=1000, available=450)]


def test_version_1_has_a_tree_for_each_controller(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "4:memory:/job\n2:cpu,cpuacct:/job",
        {
            "cpu/job/cpu.cfs_quota_us": "50000",
            "cpu/job/cpu.cfs_period_us": "100000",
            "memory/job/memory.limit_in_bytes": "4096",
            "memory/job/memory.usage_in_bytes": "1096",
            "memory/job/memory.stat": "total_inactive_file 96",
            "memory/memory.limit_in_bytes": "9223372036854771712",
            "memory/memory.usage_in_bytes": "5000",
        },
    )
    assert cpu_limit(root) == 0.5
    assert memory_groups(root) == [MemoryGroup(limit=4096, available=3096)]


def test_in_a_container_the_mounts_own_root_is_the_group(tmp_path: Path) -> None:
    files = {"memory.max": "1000", "memory.current": "100", "cpu.max": "200000 100000"}
    root = tree(tmp_path, "0::/docker/of-the-host", files)
    assert cpu_limit(root) == 2.0
    assert memory_groups(root) == [MemoryGroup(limit=1000, available=900)]


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("", {}),
        ("0::/", {"cpu.max": "max 100000", "memory.max": "max", "memory.current": "1"}),
        ("2:cpu:/\n4:memory:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}),
        ("0::/", {"cpu.max": "nonsense", "memory.max": "", "memory.current": ""}),
    ],
)
def test_without_a_limit_there_is_none(tmp_path: Path, own: str, files: dict[str, str]) -> None:
    root = tree(tmp_path, own, files)
    assert cpu_limit(root) is None
    assert memory_groups(root) == []


def test_there_is_a_core_at_least() -> None:
    assert usable_cores() >= 1

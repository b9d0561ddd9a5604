"""Numbers of many processes add up, and outlive the process that counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

COUNT = """
import sys
from pathlib import Path
from portal import metrics
metrics.keep_in(Path(sys.argv[1]))
"""


def counting(folder: Path, *lines: str) -> subprocess.Popen[bytes]:
    """A process that counts into this folder."""
    program = COUNT + "\n".join(lines)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def finished(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0


def numbers(folder: Path) -> dict[tuple[str, ...], float]:
    """What a fresh process exposes."""
    process = counting(folder, "sys.stdout.buffer.write(metrics.exposed())")
    text, _ = process.communicate(timeout=60)
    samples = [sample for family in text_string_to_metric_families(text.decode()) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_processes_at_once_add_up(tmp_path: Path) -> None:
    lines = ("metrics.INTAKE.labels('assigned').inc()", "sys.stdin.read()")
    finished(*(counting(tmp_path, *lines) for _ in range(3)))
    assert numbers(tmp_path)[("baton_intake_total", "assigned")] == 3


def test_processes_one_after_the_other_add_up_in_one_slot(tmp_path: Path) -> None:
    for _ in range(3):
        finished(counting(tmp_path, "metrics.DECISIONS.labels('line', 'offer').inc(2)"))
    assert numbers(tmp_path)[("baton_decisions_total", "offer", "line")] == 6
    assert [path.name for path in (tmp_path / "metrics").glob("counter_*.db")] == ["counter_0.db"]


def test_a_forked_child_counts_beside_its_parent(tmp_path: Path) -> None:
    fork = (
        "import os",
        "metrics.INTAKE.labels('offered').inc()",
        "if os.fork() == 0:\n    metrics.INTAKE.labels('offered').inc(10)\n    os._exit(0)",
        "metrics.INTAKE.labels('offered').inc(100)",
        "os.wait()",
    )
    finished(counting(tmp_path, *fork))
    assert numbers(tmp_path)[("baton_intake_total", "offered")] == 111


def test_a_killed_process_loses_no_counts(tmp_path: Path) -> None:
    process = counting(tmp_path, "metrics.INTAKE.labels('held').inc(7)", "print(flush=True)", "sys.stdin.read()")
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate(timeout=60)
    assert numbers(tmp_path)[("baton_intake_total", "held")] == 7


def test_lengths_of_time_fall_into_buckets(tmp_path: Path) -> None:
    finished(counting(tmp_path, "[metrics.EXPIRY_LAG.observe(each) for each in (0.15, 0.15, 0.55, 7)]"))
    found = numbers(tmp_path)
    assert found[("baton_expiry_lag_seconds_bucket", "0.2")] == 2
    assert found[("baton_expiry_lag_seconds_bucket", "0.6")] == 3
    assert found[("baton_expiry_lag_seconds_count",)] == 4


def test_counting_needs_no_folder() -> None:
    program = "from portal import metrics; metrics.INTAKE.labels('assigned').inc(); metrics.EXPIRY_LAG.observe(1)"
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent.parent, check=True, timeout=60)

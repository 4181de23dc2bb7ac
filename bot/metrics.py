"""Counts of what this process has done, as text for Prometheus. No label names a person, a server or a question.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

HELP = {
    "footnote_build_info": "The versions that run; always 1.",
    "footnote_interactions_total": "Interactions by kind, command and outcome: ok, refused or failed.",
    "footnote_interaction_seconds": "Time from an interaction's arrival here to the end of its handling.",
    "footnote_errors_total": "Unexpected errors, by the kind of exception.",
    "footnote_gateway_connected": "Whether every shard is connected to Discord.",
    "footnote_gateway_latency_seconds": "Time between a heartbeat and Discord's acknowledgement of it.",
    "footnote_gateway_sessions_total": "Sessions with Discord that were begun or resumed.",
    "footnote_gateway_losses_total": "Connections to Discord that were lost.",
    "footnote_database_commits_total": "Transactions that were committed, the checks of the index included.",
    "footnote_database_wal_bytes": "Size of the write-ahead file.",
    "footnote_database_last_write_timestamp_seconds": "When the database was last written to.",
    "footnote_backup_age_seconds": "Age of the newest backup; missing while there is none.",
    "footnote_summaries": "Days of daily summaries that are kept, by outcome: on_time, late, skipped, claimed.",
    "process_resident_memory_bytes": "Memory that the process holds.",
    "process_start_time_seconds": "When the process began.",
}
# Seconds; at 3 Discord gives an interaction up, https://docs.discord.com/developers/interactions/receiving-and-responding
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 10.0)


class Sample(NamedTuple):
    """One value of a metric, told from its other values by labels."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


_counted: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
_seconds: list[float] = [0.0]
_within: Counter[float] = Counter()


def count(name: str, **labels: str) -> None:
    """Count one more of something. The name must be in HELP, and the labels' values few and fixed."""
    _counted[f"footnote_{name}_total", tuple(labels.items())] += 1


def interaction(kind: str, command: str, outcome: str, seconds: float) -> None:
    """Count an interaction and how long it took."""
    count("interactions", kind=kind, command=command, outcome=outcome)
    _seconds[0] += seconds
    _within[next((bound for bound in BOUNDS if seconds <= bound), float("inf"))] += 1


def counted() -> list[Sample]:
    """All that has been counted since the process began."""
    return [Sample(name, value, dict(labels)) for (name, labels), value in sorted(_counted.items())]


def text(samples: Iterable[Sample]) -> str:
    """What was counted and these samples, in Prometheus' text format."""
    by_name: dict[str, list[str]] = {}
    for sample in [*counted(), *samples]:
        by_name.setdefault(sample.name, []).append(_line(*sample))
    by_name["footnote_interaction_seconds"] = _histogram("footnote_interaction_seconds")
    lines = []
    for name, found in by_name.items():
        kind = (
            "histogram" if name.endswith("interaction_seconds") else "counter" if name.endswith("_total") else "gauge"
        )
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} {kind}", *found]
    return "\n".join(lines) + "\n"


def _histogram(name: str) -> list[str]:
    lines, sofar = [], 0
    for bound in (*BOUNDS, float("inf")):
        sofar += _within[bound]
        lines.append(_line(f"{name}_bucket", sofar, {"le": "+Inf" if bound == float("inf") else str(bound)}))
    return [*lines, _line(f"{name}_sum", _seconds[0], {}), _line(f"{name}_count", sofar, {})]


def _line(name: str, value: float, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {value}" if pairs else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

"""A verdict in the forms that people and machines read.

Text for a terminal, JSON (`schema` names its version), JUnit XML for CI dashboards, GitHub
annotations with a step summary, and Markdown that fits a pull-request comment.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from iqmetrics.folding import prose
from iqmetrics.pipeline.gate import Check, Verdict
from iqmetrics.render import about, difference, printable, share, table

SCHEMA = "iqmetrics-verdict-1"
MARKDOWN_LIMIT = 60_000
ANNOTATIONS = 10
"""GitHub shows ten annotations of a kind and drops the rest without a word."""

_HEADER = ("state", "metric", "check", "value", "bound", "limit", "prompts", "told")


def text(verdict: Verdict, room: int | None = None) -> str:
    """The checks as a table, the way out of an inconclusive one, and the state last.

    `room`: the columns of the terminal, where it goes to one.
    """
    lines = [table(_HEADER, [_row(check) for check in verdict.checks], room, ["told"])]
    if verdict.unmatched:
        lines += [
            "",
            f"{len(verdict.unmatched)} without a partner, left out:",
            *(prose(line, room) for line in _some(verdict.unmatched)),
        ]
    who = f"{printable(verdict.candidate)} against {printable(verdict.baseline)}"
    return "\n".join([*lines, "", prose(f"{verdict.state}: gate {verdict.gate}, {who}", room)])


def to_json(verdict: Verdict, inputs: dict[str, Any]) -> str:
    """verdict.json: the verdict with the sha256 of what it was judged from."""
    body = {"schema": SCHEMA, "inputs": inputs, **asdict(verdict)}
    return json.dumps(body, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def junit(verdict: Verdict) -> str:
    """JUnit XML: a failed check is a failure, an inconclusive one an error (it was not tested)."""
    states = [check.state for check in verdict.checks]
    suite = ElementTree.Element(
        "testsuite",
        name=_xml(f"iqm gate {verdict.gate}"),
        tests=str(len(states)),
        failures=str(states.count("FAIL")),
        errors=str(states.count("INCONCLUSIVE")),
    )
    for check in verdict.checks:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_xml(check.metric), name=_xml(check.kind)
        )
        if check.state != "PASS":
            kind = "failure" if check.state == "FAIL" else "error"
            ElementTree.SubElement(case, kind, message=_xml(_sentence(check)))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suite, "unicode") + "\n"
    )


def github(verdict: Verdict) -> str:
    """Workflow commands: one line a check that does not pass, at most ten of a kind."""
    lines = []
    for state, command in (("FAIL", "error"), ("INCONCLUSIVE", "warning")):
        found = [check for check in verdict.checks if check.state == state]
        # The last place is kept to tell how many more there are.
        shown = found if len(found) <= ANNOTATIONS else found[: ANNOTATIONS - 1]
        lines += [f"::{command} title=iqm gate::{_escaped(_sentence(c))}" for c in shown]
        if more := len(found) - len(shown):
            lines.append(f"::{command} title=iqm gate::{more} more, see the job summary")
    return "\n".join(lines)


def markdown(verdict: Verdict) -> str:
    """A table for a pull-request comment or a step summary; long ones say what was cut."""
    head = f"<!-- iqmetrics gate -->\n### {verdict.state}: gate {_md(verdict.gate)}\n\n"
    head += f"{_md(verdict.candidate)} against {_md(verdict.baseline)}\n\n"
    head += "| " + " | ".join(_HEADER) + " |\n" + "|---" * len(_HEADER) + "|\n"
    worst_first = sorted(
        verdict.checks, key=lambda c: ("FAIL", "INCONCLUSIVE", "PASS").index(c.state)
    )
    rows = ["| " + " | ".join(_md(cell) for cell in _row(check)) + " |\n" for check in worst_first]
    room = MARKDOWN_LIMIT - len(head) - 100
    kept: list[str] = []
    for row in rows:
        room -= len(row)
        if room < 0:
            return (
                head
                + "".join(kept)
                + f"\n{len(rows) - len(kept)} more checks are in verdict.json.\n"
            )
        kept.append(row)
    return head + "".join(kept)


def _row(check: Check) -> list[str]:
    told = check.told + (f" (needs {about(check.needed, 'prompt')})" if check.needed else "")
    told += "" if check.required else " (not required)"
    show = difference if check.kind == "margin" else share
    numbers = [show(value, check.unit) for value in (check.value, check.bound, check.limit)]
    return [check.state, check.metric, check.kind, *numbers, str(check.prompts or ""), told]


def _sentence(check: Check) -> str:
    _, metric, kind, value, bound, limit, _, told = _row(check)
    numbers = f" (value {value}, bound {bound}, limit {limit})" if bound else ""
    return f"{metric} {kind}: {told}{numbers}"


def _some(lines: Sequence[str], most: int = 5) -> list[str]:
    shown = [f"  {printable(line)}" for line in lines[:most]]
    return shown + ([f"  and {len(lines) - most} more"] if len(lines) > most else [])


def _xml(text: str) -> str:
    """Text without the characters that XML 1.0 forbids."""
    return "".join(
        c
        if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff")
        else "?"
        for c in text
    )


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _md(text: str) -> str:
    safe = printable(text).replace("\\", "\\\\").replace("|", "\\|")
    return safe.replace("<", "&lt;").replace("`", "\\`")

"""A verdict in every form: complete, valid, within the limits of where it goes."""

import json
from dataclasses import fields, replace
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import pytest

from iqmetrics.pipeline.gate import Check, Verdict
from iqmetrics.records import YES_NO
from iqmetrics.views import verdicts

FAIL = Check("text.ned", "margin", "FAIL", "worse", -0.1, -0.12, -0.02, 50)
OPEN = Check("hands.wrong", "measured", "INCONCLUSIVE", "it was not measured", needed=140)
PASS = Check("niqe", "ceiling", "PASS", "keeps under the ceiling", 4.2, 4.4, 5.0, 50)
VERDICT = Verdict(
    "FAIL", "release", "v1", "v2", (PASS, FAIL, OPEN), ("prompt p is only in the baseline",)
)
HOSTILE = replace(
    VERDICT, candidate='a|b<script>`\x1b[2J\n\ud800"', checks=(replace(FAIL, metric="a|<b>\x00"),)
)


def test_text_ends_with_the_state_and_names_the_way_out() -> None:
    text = verdicts.text(VERDICT)
    assert text.splitlines()[-1] == "FAIL: gate release, v2 against v1"
    assert "needs about 140 prompts" in text
    assert "prompt p is only in the baseline" in text
    many = verdicts.text(replace(VERDICT, checks=(replace(OPEN, needed=54_000_000),)))
    assert "needs more than a million prompts" in many


def test_text_fits_a_terminal_and_says_the_same() -> None:
    whole, told = verdicts.text(VERDICT), verdicts.text(VERDICT, 80)
    assert max(map(len, whole.splitlines())) > 80 >= max(map(len, told.splitlines()))
    said = {word for word in whole.split() if word != "told" and set(word) != {"-"}}
    assert said <= set(told.split())
    assert "-0.1   -0.12  -0.02" in told


def test_json_has_a_schema_and_what_it_was_judged_from() -> None:
    data = json.loads(verdicts.to_json(VERDICT, {"baseline": "abc"}))
    assert (data["schema"], data["inputs"]["baseline"]) == ("iqmetrics-verdict-1", "abc")
    assert data["checks"][1]["metric"] == "text.ned"


def test_junit_counts_failures_and_untested_apart() -> None:
    suite = ElementTree.fromstring(verdicts.junit(VERDICT))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert [len(case) for case in suite] == [0, 1, 1]
    assert "value -0.1, bound -0.12, limit -0.02" in suite[1][0].get("message")


def test_github_shows_ten_and_says_how_many_more() -> None:
    many = replace(VERDICT, checks=(FAIL,) * 25 + (OPEN,) * 10)
    lines = verdicts.github(many).splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    assert (len(errors), len(lines)) == (10, 20)
    assert errors[-1].endswith("16 more, see the job summary")


def test_markdown_fits_a_comment_and_puts_the_worst_first() -> None:
    text = verdicts.markdown(VERDICT)
    assert text.index("text.ned") < text.index("hands.wrong") < text.index("niqe")
    long = verdicts.markdown(replace(VERDICT, checks=(FAIL,) * 5000))
    assert len(long) <= verdicts.MARKDOWN_LIMIT
    kept = long.count("| FAIL |")
    assert f"{5000 - kept} more checks are in verdict.json" in long


def test_hostile_names_do_nothing_anywhere() -> None:
    ElementTree.fromstring(verdicts.junit(HOSTILE))
    assert "\x1b" not in verdicts.text(HOSTILE)
    markdown = verdicts.markdown(HOSTILE)
    assert "<script>" not in markdown
    assert "\x1b" not in markdown
    assert (
        len(
            verdicts.github(
                replace(HOSTILE, checks=(replace(FAIL, told="a\n::error::x"),))
            ).splitlines()
        )
        == 1
    )


def schema() -> dict[str, object]:
    text = files("iqmetrics.views").joinpath("verdict.schema.json").read_text("utf-8")
    found: dict[str, object] = json.loads(text)
    return found


def inputs() -> dict[str, object]:
    sums = dict.fromkeys(("baseline", "candidate", "rules"), "0" * 64)
    return {**sums, "model_files": {"model.bin": "f" * 64}}


@pytest.mark.parametrize("verdict", [VERDICT, HOSTILE])
def test_json_keeps_the_shipped_schema(verdict: Verdict) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    written = json.loads(verdicts.to_json(verdict, inputs()))
    jsonschema.validate(written, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "state": "MAYBE"}, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "inputs": {"baseline": "abc"}}, schema())


def test_the_schema_names_every_field_of_a_check_and_this_version() -> None:
    found: dict[str, Any] = schema()
    assert set(found["$defs"]["check"]["properties"]) == {f.name for f in fields(Check)}
    assert found["properties"]["schema"]["const"] == verdicts.SCHEMA
    assert set(found["properties"]) == {f.name for f in fields(Verdict)} | {"schema", "inputs"}


def test_junit_has_the_shape_that_dashboards_read() -> None:
    for verdict in (VERDICT, HOSTILE):
        suite = ElementTree.fromstring(verdicts.junit(verdict))
        assert suite.tag == "testsuite"
        assert set(suite.attrib) == {"name", "tests", "failures", "errors"}
        assert len(suite) == int(suite.get("tests", ""))
        for case in suite:
            assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name"})
            assert all(x.tag in ("failure", "error") and x.get("message") for x in case)


def test_shares_of_yes_are_judged_in_percent_and_margins_in_points() -> None:
    floor = Check("usable", "floor", "PASS", "ok", 0.95, 0.91, 0.9, 50, unit=YES_NO)
    margin = replace(floor, kind="margin", value=-0.01, bound=-0.02, limit=-0.05)
    text = verdicts.text(replace(VERDICT, checks=(floor, margin)))
    assert text.split("floor")[1].split()[:6] == ["95", "%", "91", "%", "90", "%"]
    assert text.split("margin")[1].split()[:6] == ["-1", "points", "-2", "points", "-5", "points"]
    held = json.loads(verdicts.to_json(replace(VERDICT, checks=(floor,)), {}))["checks"][0]
    assert (held["value"], held["bound"], held["limit"]) == (0.95, 0.91, 0.9)


def test_a_line_for_github_stays_one_line() -> None:
    told = replace(FAIL, told="100 % worse\r\n::error::hidden")
    (line,) = verdicts.github(replace(VERDICT, checks=(told, PASS))).splitlines()
    assert line.startswith("::error title=iqm gate::text.ned margin: 100 %25 worse%0D%0A::error::")
    assert "value -0.1, bound -0.12, limit -0.02" in line


@pytest.mark.parametrize(("count", "lines"), [(9, 9), (10, 10), (11, 10)])
def test_ten_checks_of_a_kind_are_all_shown(count: int, lines: int) -> None:
    shown = verdicts.github(replace(VERDICT, checks=(FAIL,) * count)).splitlines()
    assert len(shown) == lines
    assert any("more, see" in line for line in shown) == (count > 10)


@pytest.mark.parametrize(("count", "more"), [(5, None), (6, "  and 1 more"), (7, "  and 2 more")])
def test_some_of_what_has_no_partner_is_listed(count: int, more: str | None) -> None:
    lonely = tuple(f"prompt {n} is only in the baseline" for n in range(count))
    lines = verdicts.text(replace(VERDICT, unmatched=lonely)).splitlines()
    assert f"{count} without a partner, left out:" in lines
    assert sum(line.startswith("  prompt ") for line in lines) == 5
    assert [line for line in lines if line.startswith("  and ")] == ([more] if more else [])


def test_what_was_not_counted_shows_no_number() -> None:
    """A check that was not made has no prompts, which is not "0 prompts"."""
    (row,) = [r for r in verdicts.text(VERDICT).splitlines() if "hands.wrong" in r]
    assert "0" not in row.replace("140", "")
    assert "(not required)" in verdicts.text(
        replace(VERDICT, checks=(replace(OPEN, required=False),))
    )


@pytest.mark.parametrize("letter", ["\ufffe", "\uffff", chr(0xD800), chr(0xDFFF), "\x0b", "\x7f"])
def test_letters_that_xml_forbids_are_replaced(letter: str) -> None:
    odd = replace(VERDICT, checks=(replace(FAIL, metric=f"a{letter}b\té"),))
    suite = ElementTree.fromstring(verdicts.junit(odd).encode("utf-8"))
    assert suite[0].get("classname") in ("a?b\té", f"a{letter}b\té")
    assert (suite[0].get("classname") == "a?b\té") == (letter != "\x7f")

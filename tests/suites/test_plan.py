"""From a suite to images: sizes are prompts of their own, names are safe and never collide."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqmetrics.records import Prompt, PromptSuite
from iqmetrics.suites.plan import Folders, file_safe, plan

SUITE = PromptSuite(
    "s", "1", (Prompt("a", "x", sizes=((8, 4), (4, 4)), seeds=(5, 6)), Prompt("b", "y"))
)


def test_each_size_is_its_own_prompt_and_images_are_numbered_within_it() -> None:
    found = [(w.prompt_id, w.seed, w.size, w.number) for w in plan(SUITE)]
    assert found == [
        ("a-8x4", 5, (8, 4), 1),
        ("a-8x4", 6, (8, 4), 2),
        ("a-4x4", 5, (4, 4), 1),
        ("a-4x4", 6, (4, 4), 2),
        ("b", 0, None, 1),
    ]


def test_seeds_and_limit() -> None:
    assert [(w.prompt_id, w.seed) for w in plan(SUITE, (3,), 1)] == [("a-8x4", 3), ("a-4x4", 3)]


@given(st.text(min_size=1), st.text(min_size=1))
def test_file_names_are_safe_and_distinct(a: str, b: str) -> None:
    for name in (file_safe(a), file_safe(b)):
        assert 0 < len(name.encode()) <= 100
        assert not set(name) & set('/\\\0:*?"<>|\n ') and not name.startswith((".", "-"))
        assert name.lower() != "iqm", "never walked as input"
    assert (file_safe(a) == file_safe(b)) == (a == b)


def test_plain_names_stay_readable() -> None:
    assert file_safe("qwen-image_2.0+lora") == "qwen-image_2.0+lora"
    assert file_safe("海报") == "海报"
    assert file_safe("Org/Model").startswith("Org-Model-")


def test_folders_stay_apart_where_case_does_not_count() -> None:
    folders = Folders()
    names = ["cat", "Cat", "CAT", "dog", "Org/m", "org/m", "caf\u00e9", "CAF\u00c9"]
    given = [folders.of(name) for name in names]
    assert len({folder.casefold() for folder in given}) == len(names)
    assert [folders.of(name) for name in reversed(names)] == given[::-1]
    alone = ["cat", "dog", "Org/m", "org/m", "caf\u00e9"]
    assert [given[names.index(n)] for n in alone] == [file_safe(n) for n in alone]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a" * 80, "a" * 80),
        ("a" * 81, "a" * 80 + "-"),
        ("a" * 300, "a" * 80 + "-"),
        ("海" * 27, "海" * 26 + "-"),
        ("Org/Model", "Org-Model-"),
        (".hidden.", "hidden-"),
        ("a  /b", "a-b-"),
        ("IQM", "IQM-"),
        ("iqm", "iqm-"),
        ("???", ""),
        ("X?", "X-"),
        ("MAX", "MAX"),
    ],
)
def test_a_name_that_had_to_change_is_cut_and_hashed(name: str, kept: str) -> None:
    """80 bytes of the name and 8 digits; whole characters only."""
    digits = sha256(name.encode()).hexdigest()[:8]
    assert file_safe(name) == (name if kept == name else kept + digits)


def test_names_that_are_not_utf8_stay_apart() -> None:
    one, other = file_safe("a\udcff"), file_safe("a\udcfe")
    assert one != other and one.startswith("a-") and other.startswith("a-")


def test_one_size_does_not_change_the_name_of_a_prompt() -> None:
    suite = PromptSuite("s", "1", (Prompt("a", "x", sizes=((8, 4),)),))
    assert [(w.prompt_id, w.size) for w in plan(suite)] == [("a", (8, 4))]

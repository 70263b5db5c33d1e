"""Where texts are broken: between words and wide characters, never within a word."""

import pytest

from iqmetrics.folding import folded, packed, pieces, prose, width


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("fox", 3), ("狐狸", 4), ("é", 1), ("e\u0301", 1), ("A 狐", 4)]
)
def test_a_wide_character_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("room", "lines"),
    [
        (18, ["a red fox  in snow"]),  # as it is where it fits
        (17, ["a red fox in snow"]),
        (16, ["a red fox in", "snow"]),
        (9, ["a red fox", "in snow"]),
        (4, ["a", "red", "fox", "in", "snow"]),
        (3, ["a", "red", "fox", "in", "snow"]),
    ],
)
def test_words_stay_whole(room: int, lines: list[str]) -> None:
    assert folded("a red fox  in snow", room) == lines


def test_names_are_broken_neither_at_hyphens_nor_at_dots_nor_at_slashes() -> None:
    names = ["clip-vit-b-32,", "face.asymmetry_eyes", "https://a.b/c-d?e=f"]
    assert folded(" ".join(names), 5) == names


@pytest.mark.parametrize(
    ("room", "lines"),
    [
        (14, ["一只狐狸在雪里"]),
        (13, ["一只狐狸在雪", "里"]),
        (6, ["一只狐", "狸在雪", "里"]),
        (5, ["一只", "狐狸", "在雪", "里"]),
    ],
)
def test_chinese_is_broken_between_characters_of_two_columns(room: int, lines: list[str]) -> None:
    assert folded("一只狐狸在雪里", room) == lines


def test_no_line_begins_with_what_closes_or_ends_with_what_opens() -> None:
    assert folded("雪狐，狸", 4) == ["雪", "狐，", "狸"]
    assert folded("写着“早安”，门", 6) == ["写着", "“早", "安”，", "门"]
    assert folded("雪（狐）狸", 4) == ["雪", "（狐）", "狸"]


def test_what_changes_a_character_stays_with_it() -> None:
    woman, thumb = "\U0001f469\u200d\U0001f4bb", "\U0001f44d\U0001f3fd"
    assert [part for _, part in pieces(f"{woman}{thumb}")] == [woman, thumb]


def test_a_model_name_among_chinese_stays_whole() -> None:
    assert folded("用FLUX.1-dev画狐狸", 4) == ["用", "FLUX.1-dev", "画狐", "狸"]


def test_a_folded_command_can_be_pasted() -> None:
    command = "-> pip install one two three four"
    assert folded(command, 33) == [command]
    lines = folded(command, 16)
    assert lines == ["-> pip install \\", "one two three \\", "four"]
    assert all(width(line) <= 16 for line in lines)
    assert "\n".join(lines).replace("\\\n", "") == command


def test_nothing_is_one_empty_line() -> None:
    assert folded("", 0) == folded("", 5) == [""]
    assert packed([], 5) == [""]


MISSING = "clip is unavailable: it needs open_clip_torch: pip install 'iqmetrics[score]' --upgrade"


def test_a_sentence_goes_on_further_in() -> None:
    assert prose("a red fox in snow", 10).splitlines() == ["a red", "  fox in", "  snow"]
    assert prose("  a red fox in snow", 12).splitlines() == ["  a red", "    fox in", "    snow"]


@pytest.mark.parametrize("room", [10, 30, 50, 80])
def test_a_command_in_a_sentence_is_never_broken(room: int) -> None:
    lines = prose(MISSING, room).splitlines()
    assert lines[-1].strip().endswith("pip install 'iqmetrics[score]' --upgrade")
    assert " ".join(line.strip() for line in lines) == MISSING
    assert all(width(line) <= room or " " not in line.strip() for line in lines[:-1])


@pytest.mark.parametrize(
    "text", ["outputs/iqm is full of results", "the pip of an apple is small", "iqm: no", "a hf b"]
)
def test_words_that_are_no_command_are_broken(text: str) -> None:
    assert len(prose(text, 12).splitlines()) > 1 or width(text) <= 12


@pytest.mark.parametrize("room", [None, width(MISSING), 200])
def test_a_sentence_that_fits_and_one_for_a_pipe_are_as_they_are(room: int | None) -> None:
    assert prose(MISSING, room) == MISSING

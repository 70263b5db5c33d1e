import csv
import json
import os
import re
from pathlib import Path

import pytest

from iqmetrics.nets.text.targets import (
    DOUBTFUL,
    QUOTED,
    QUOTED_AFTER_CUE,
    UNQUOTED,
    Target,
    from_prompt,
    wanted,
)


def found(prompt: str, least: float = 0.5) -> list[str]:
    return [t.text for t in from_prompt(prompt) if t.confidence >= least]


@pytest.mark.parametrize(
    ("prompt", "text", "confidence"),
    [
        ('a red sign that reads "OPEN LATE"', "OPEN LATE", QUOTED_AFTER_CUE),
        ("横幅上写着“热烈欢迎”", "热烈欢迎", QUOTED_AFTER_CUE),
        ("一张海报，《星际穿越》", "星际穿越", QUOTED_AFTER_CUE),
        ('"Carpe Diem" beneath a skull', "Carpe Diem", QUOTED),
        ("a 'cinematic' lighting setup", "cinematic", DOUBTFUL),
        ('a football club called "The Wanderers"', "The Wanderers", DOUBTFUL),
        ("an old man whispers 'good night'", "good night", DOUBTFUL),
        ('a speech bubble in which she says "Hello"', "Hello", QUOTED_AFTER_CUE),
        ("a banner that says Happy New Year on a wall", "Happy New Year", UNQUOTED),
        ("graffiti spelling BE KIND on white tile", "BE KIND", UNQUOTED),
        ("a t-shirt with Carpe Diem written on it", "Carpe Diem", UNQUOTED),
        ("门上写着开业大吉，红色灯笼", "开业大吉", UNQUOTED),
        ("墙上写着福字样，旁边有灯笼", "福", UNQUOTED),
    ],
)
def test_confidence_follows_the_cue(prompt: str, text: str, confidence: float) -> None:
    assert from_prompt(prompt) == [Target(text, confidence)]


@pytest.mark.parametrize(
    "prompt",
    [
        "a girl reading a book under a tree",
        "a portrait of a woman, 85mm, golden hour, the dog's nose in focus",
        "一个女孩在看书，写着一些文字的黑板",
        "a TV with a 55\" screen in a children's room",
        "我读过《红楼梦》的女孩的肖像",
        "an old newspaper, a sign that says something in Latin",
        "",
        "masterpiece, (best quality:1.2), 1girl, solo",
    ],
)
def test_prompts_without_lettering_have_no_target(prompt: str) -> None:
    assert found(prompt) == []


def test_repeats_and_order_are_kept() -> None:
    prompt = 'a menu: heading "LUNCH", "Soup 3", "Pie 5", heading "LUNCH"'
    assert found(prompt) == ["LUNCH", "Soup 3", "Pie 5", "LUNCH"]


def test_the_comma_of_american_usage_is_dropped() -> None:
    assert found('signs that say "OPEN," and "SHUT".') == ["OPEN", "SHUT"]


def test_a_sentence_in_single_marks_gives_its_inner_quotes() -> None:
    prompt = (
        "'An oil painting of a harbour at dusk with a wooden board that reads \"FISH\" in white'. x"
    )
    assert found(prompt) == ["FISH"]


def test_marks_without_a_letter_are_no_target() -> None:
    assert found('a sign that says "..." in dots') == []


def test_an_explicit_list_wins_even_when_empty() -> None:
    prompt = 'a sign that reads "OPEN"'
    assert wanted(prompt, ("SHUT", " "), 0.5) == [Target("SHUT")]
    assert wanted(prompt, (), 0.5) == []
    assert wanted(prompt, None, 0.5) == [Target("OPEN", QUOTED_AFTER_CUE)]
    assert wanted(None, None, 0.5) == []


def test_min_confidence_leaves_out_the_doubtful() -> None:
    prompt = '"Carpe Diem" beneath a skull'
    assert wanted(prompt, None, 0.75) and not wanted(prompt, None, 0.9)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("横幅上写着 你好世界 四个大字", ["你好世界"]),
        ("木牌写着平安二字，红绳", ["平安"]),
        ("墙上写着红十字，旁边停着救护车", ["红十字"]),
        ("牌子上写着：禁止停车", ["禁止停车"]),
        (
            "春联，上联：春风得意 下联：前程似锦 横批：万事如意",
            ["春风得意", "前程似锦", "万事如意"],
        ),
        ("黑板写着许多公式", []),
        ("封面标题是远方。", ["远方"]),
    ],
)
def test_chinese_without_marks(prompt: str, expected: list[str]) -> None:
    assert found(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("the word LOVE made of roses", ["LOVE"]),
        ("the words BLACK FRIDAY in smoke", ["BLACK FRIDAY"]),
        ('a sign saying "WELCOME', ["WELCOME"]),
        ("text: HELLO WORLD", ["HELLO WORLD"]),
        ("a banner with the text Happy Birthday Tom, balloons", ["Happy Birthday Tom"]),
        ("a cake with the words Happy 30th on top of it", ["Happy 30th"]),
        ("a sign that says one two three four five six seven eight nine", []),
        ("a person lost for words", []),
        ("a label with the text ...", []),
    ],
)
def test_english_without_marks(prompt: str, expected: list[str]) -> None:
    assert found(prompt) == expected


def test_quotes_shut_out_guesses() -> None:
    assert found("a sign that says Closed beside the text “OPEN”") == ["OPEN"]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("一块写有“Café 咖啡”的招牌", ["Café 咖啡"]),
        ("海报：标题“夏日 SALE”，副标题“5折起”", ["夏日 SALE", "5折起"]),
        ("a poster, title “星际穿越”, tagline “Interstellar”", ["星际穿越", "Interstellar"]),
        ("＂ＳＡＬＥ＂ 写着", ["ＳＡＬＥ"]),
        ('the letters "A" "B" "C" on blocks', ["A", "B", "C"]),
        ('a badge "7"', ["7"]),
        ("a button '♥' and a button 'OK'", ["OK"]),
    ],
)
def test_mixed_languages_widths_and_single_letters(prompt: str, expected: list[str]) -> None:
    assert found(prompt) == expected


def test_a_cue_counts_only_within_reach() -> None:
    near, far = 'the sign, old: "Carpe Diem"', "the sign, " + "very " * 20 + 'old: "Carpe Diem"'
    assert from_prompt(near)[0].confidence == QUOTED_AFTER_CUE
    assert from_prompt(far)[0].confidence == QUOTED


def test_a_cue_may_follow_the_quote() -> None:
    assert from_prompt("“欢迎光临”字样，金色")[0].confidence == QUOTED_AFTER_CUE
    assert from_prompt('"OPEN" sign on a door')[0].confidence == QUOTED_AFTER_CUE


@pytest.mark.parametrize(
    "prompt",
    [
        'in the style of "Loving Vincent"',
        'a scene from "Blade Runner"',
        "'wabi-sabi' aesthetic interior",
        'she shouted, "Stop"',
    ],
)
def test_styles_names_and_speech_are_doubtful(prompt: str) -> None:
    assert [t.confidence for t in from_prompt(prompt)] == [DOUBTFUL]
    assert wanted(prompt, None, 0.5) == []


def test_a_threshold_is_inclusive() -> None:
    assert wanted('"Carpe Diem" beneath a skull', None, QUOTED) == [Target("Carpe Diem", QUOTED)]


def _file(variable: str) -> Path:
    path = Path(os.environ.get(variable, ""))
    if not os.environ.get(variable) or not path.exists():
        pytest.skip(f"{variable} does not name a file")
    return path


def test_longtext_bench_lists_are_found_exactly() -> None:
    def letters(text: str) -> str:
        return re.sub(r"[\W_]", "", text).casefold()

    rows = [json.loads(x) for x in _file("IQM_LONGTEXT_EN").read_text("utf-8").splitlines()]
    wrong = [
        row["prompt_id"]
        for row in rows
        if [letters(t.text) for t in from_prompt(row["prompt"])]
        != [letters(t) for t in row["text"]]
    ]
    assert len(rows) == 160 and wrong == []


def test_prompts_of_parti_without_writing_have_no_target() -> None:
    with _file("IQM_PARTI_PROMPTS").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    plain = [r["Prompt"] for r in rows if r["Challenge"] != "Writing & Symbols"]
    plain = [p for p in plain if not re.search(r"\b(words?|sign|written|painted|logo)\b", p)]
    assert len(plain) > 200
    assert sum(bool(found(p)) for p in plain) <= 0.02 * len(plain)

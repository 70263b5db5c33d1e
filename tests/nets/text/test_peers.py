import pytest

from iqmetrics.nets.text import peers


def test_longtext_is_word_recall_in_english_and_character_recall_in_chinese() -> None:
    assert peers.longtext(["OPEN all day"], ["open day"]) == pytest.approx(2 / 3)
    assert peers.longtext(["开业大吉"], ["开大"]) == 0.5
    assert peers.longtext(["a a"], ["a"]) == 0.5
    assert peers.longtext([], ["a"]) == 0


def test_oneig_scores_a_perfect_reading_one() -> None:
    assert peers.oneig(["Open Late"], ["open", "late"]) == {"ed": 0, "cr": 1, "wac": 1, "score": 1}
    wrong = peers.oneig(["开业大吉"], ["开业"])
    assert wrong["ed"] == 2 and wrong["wac"] == 0.5
    assert wrong["score"] == pytest.approx(1 - 2 * 0.5 / 50)


def test_cvtg_looks_for_words_in_any_order() -> None:
    assert peers.cvtg(["Fresh Coffee"], ["coffee", "fresh"])["word_accuracy"] == 1
    near = peers.cvtg(["Coffee"], ["Coffes"])
    assert near["word_accuracy"] == 0 and near["ned"] == pytest.approx(5 / 6)


def test_anytext_minds_the_case() -> None:
    found = peers.anytext(["OPEN", "SHUT"], ["OPEN", "Shut"])
    assert found["sentence_accuracy"] == 0.5 and found["ned"] == pytest.approx((1 + 0.25) / 2)


def test_nothing_read_scores_nothing() -> None:
    assert peers.longtext(["OPEN"], []) == 0
    assert peers.oneig(["OPEN"], []) == {"ed": 4, "cr": 0, "wac": 0, "score": pytest.approx(0.96)}
    assert peers.cvtg(["OPEN"], []) == {"word_accuracy": 0, "ned": 0}
    assert peers.cvtg([], ["OPEN"]) == peers.cvtg([], [])
    assert peers.anytext([], [])["sentence_accuracy"] == 0


def test_a_hanzi_among_the_targets_makes_characters_of_all() -> None:
    assert peers.longtext(["Café 咖啡"], ["咖啡 Caf"]) == pytest.approx(5 / 6)
    assert peers.oneig(["Café 咖啡"], ["Café咖啡"])["cr"] == 1


def test_oneig_is_zero_at_worst() -> None:
    long = peers.oneig(["a" * 200], ["b" * 200])
    assert long["ed"] == 200 and long["score"] == 0
    assert peers.oneig(["开" * 60], ["关" * 60])["score"] == 0


def test_case_is_free_but_in_anytext() -> None:
    assert peers.longtext(["OPEN Late"], ["open", "LATE"]) == 1
    assert peers.cvtg(["OPEN Late"], ["open late"])["word_accuracy"] == 1
    assert peers.anytext(["OPEN"], ["open"])["sentence_accuracy"] == 0

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.jsontext import USER_COMMENT, json_object, object_in, text_of


@pytest.mark.parametrize("text", ["", "x", "[1]", '"x"', '{"a": ', '{"a":' * 100_000])
def test_what_is_no_object_is_empty(text: str) -> None:
    assert json_object(text) == {}


def test_the_chunk_comes_before_exif() -> None:
    found = Embedded("PNG", text={"parameters": ' {"a": 1}'}, exif={USER_COMMENT: '{"a": 2}'})
    assert object_in(found, "parameters") == {"a": 1}
    assert object_in(found, "Comment") == {"a": 2}
    assert object_in(Embedded("PNG"), "parameters") == {}


def test_only_strings_are_text() -> None:
    assert text_of(" fox ") == "fox"
    assert text_of(["fox"]) is text_of(None) is text_of(1) is None

import pytest

from iqmetrics.metadata.containers import Embedded
from iqmetrics.metadata.drawthings import read

ROW = '{"c":"a fox","uc":"blurry","seed":1,"size":"64x96","model":"m"}'
ESCAPED = ROW.replace('"', "&quot;")


@pytest.mark.parametrize(
    "xmp",
    [
        f'<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{ROW}</rdf:li></rdf:Alt></exif:UserComment>',
        f"<exif:UserComment>\n <rdf:Alt>\n <rdf:li>{ESCAPED}</rdf:li>",
        f"<exif:UserComment>{ROW}</exif:UserComment>",
        f'<rdf:Description exif:UserComment="{ESCAPED}"/>',
    ],
)
def test_comment_in_every_form(xmp: str) -> None:
    facts = read(Embedded("PNG", xmp=xmp))
    assert facts is not None
    assert (facts.prompt, facts.negative, facts.seed, facts.size) == (
        "a fox",
        "blurry",
        1,
        (64, 96),
    )


@pytest.mark.parametrize(
    "xmp", ["", "<exif:UserComment>words</exif:UserComment>", '<exif:UserComment>{"a":1}<']
)
def test_other_packets(xmp: str) -> None:
    assert read(Embedded("PNG", xmp=xmp)) is None


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "fox">]><exif:UserComment>{"c":"&a;"}</exif:UserComment>'
    facts = read(Embedded("PNG", xmp=bomb))
    assert facts is not None
    assert facts.prompt == "&a;"

"""text: does the lettering say what the prompt asked for, and how well does it read?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from iqmetrics.errors import BadInput
from iqmetrics.images import Picture
from iqmetrics.nets.text.targets import Target, wanted
from iqmetrics.records import Metric, Reading, Scope
from iqmetrics.scorers.base import keep

if TYPE_CHECKING:
    from iqmetrics.nets.text.reading import Reader

RUNTIMES = ("auto", "onnxruntime", "openvino")


@dataclass(frozen=True)
class Text:
    """Legibility: are the strings that were asked for there to the letter, and easy to read?

    `text.legibility` = completeness x (0.5 + 0.5 readability), 0..1, higher is better. Completeness
    is the similarity (1 - edits / length) of each target to the place most like it, below .6
    falling to 0 at .3, where chance explains it, weighted by length. Readability joins
    two views: the likelihood that the recogniser, made to say the target, assigns it on the crop a
    little slanted, and how sound a small net of our own finds the strokes. Nothing found is 0;
    no text asked for is not applicable.
    Targets: the record's `texts` where stated, else the quoted strings of its prompt and what
    follows a cue ("reads", 写着), from `min_confidence` on. Case, spacing and signs are free;
    look-alikes (I l 1, O 0) cost a fifth of an edit; text that nobody asked for costs nothing.
    `runtime` is "onnxruntime" or "openvino"; "auto" takes the second, the quicker, where it is
    installed. Both read the same; their likelihoods differ by rounding.

    Source: PP-OCRv6 small, from rapidocr's wheel (Apache-2.0); CTC likelihood after Graves et al.
    2006. Blind to: layout, fonts and placement asked for, letters stacked upright in Latin, scripts
    that the recogniser does not know (its 18,708 signs are Chinese, Japanese and Latin).

    Example:
        'a sign that reads "OPEN"' over a picture that says OPFN: cer .25, exact 0.
    """

    min_confidence: float = 0.5
    runtime: str = "auto"
    _reader: Any = field(init=False, repr=False, compare=False, default=None)

    name = "text"
    version = "5"
    scope: ClassVar[Scope] = "image"
    concurrent = True
    licence = "Apache-2.0"
    uses = ("prompt", "texts")
    metrics = (
        Metric("text.legibility", "", 0, 1, "higher", "asked-for text is there and reads well"),
        Metric("text.cer", "", 0, 1, "lower", "edits per asked-for character, at most 1"),
        Metric("text.ned", "", 0, 1, "higher", "1 - edits / longer length, mean over the strings"),
        Metric("text.word_accuracy", "", 0, 1, "higher", "share of words (hanzi) read right"),
        Metric("text.exact", "", 0, 1, "higher", "share of strings that are there to the letter"),
        Metric("text.unexpected_chars", "", 0, None, "neither", "characters nobody asked for"),
    )

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise BadInput(f"text has no runtime {self.runtime!r}", f"One of {', '.join(RUNTIMES)}")
        if not 0 <= self.min_confidence <= 1:
            raise BadInput(f"min_confidence is {self.min_confidence}", "Choose 0..1")

    def load(self, device: str) -> None:
        """Open detector and recogniser; raises `Unavailable` when their packages are missing."""
        from iqmetrics.nets.text.open import open_reader

        keep(self, _reader=open_reader(self.runtime, device))

    def score(self, pictures: Sequence[Picture]) -> list[Reading]:
        """One reading a picture."""
        asked = [wanted(p.record.prompt, p.record.texts, self.min_confidence) for p in pictures]
        todo = [i for i, targets in enumerate(asked) if targets]
        read = self._read([pictures[i] for i in todo], [asked[i] for i in todo])
        answers = dict(zip(todo, read, strict=True))
        return [answers.get(i) or self._nothing_asked(p) for i, p in enumerate(pictures)]

    def _read(self, pictures: list[Picture], asked: list[list[Target]]) -> list[Reading]:
        if not pictures:
            return []
        from iqmetrics.nets.text.judging import judge, readabilities
        from iqmetrics.nets.text.summary import evidence, numbers

        if self._reader is None:
            self.load("cpu")
        reader: Reader = self._reader
        judged = judge(reader, pictures, [[t.text for t in targets] for targets in asked])
        readable = readabilities(reader, judged)
        return [
            Reading(numbers(j, r), {}, evidence(j, r, targets))
            for j, r, targets in zip(judged, readable, asked, strict=True)
        ]

    def _nothing_asked(self, picture: Picture) -> Reading:
        record = picture.record
        if record.texts is None and not record.prompt:
            why = "no prompt and no texts: what should be read is not known"
        elif record.texts is None:
            why = "the prompt asks for no text"
        else:
            why = "stated: no text is asked for"
        return Reading.none(self.metrics, "not_applicable", why)

"""Find the images that the rows of a table speak of: by path, name, stem, prompt_id or prompt."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.layouts import ONEIG
from iqmetrics.metadata.selection import split_suffix
from iqmetrics.metadata.tables import Row

NO_PROMPTS: Mapping[str, str] = {}


class Index:
    """The images of a folder by path, by file name, by stem, by folder, and by prompt."""

    def __init__(self, images: Sequence[str], prompts: Mapping[str, str] = NO_PROMPTS) -> None:
        self.paths = set(images)
        self.tails: dict[str, list[str]] = {}
        self.numbers: dict[int, list[str]] = {}
        self.folders: dict[str, list[str]] = {}
        self.prompts: dict[str, list[str]] = {}
        for image in images:
            *folders, name = image.split("/")
            stem = split_suffix(name)[0]
            self.tails.setdefault(name, []).append(image)
            self.tails.setdefault(stem, []).append(image)
            for folder in dict.fromkeys(folders):
                self.folders.setdefault(folder, []).append(image)
            if stem.isdecimal() and len(stem) < 20:
                self.numbers.setdefault(int(stem), []).append(image)
        for image, prompt in prompts.items():
            self.prompts.setdefault(" ".join(prompt.split()), []).append(image)

    def named(self, file: str) -> list[str]:
        """Images that `file` may mean: the path itself, else those whose path ends alike."""
        file = posixpath.normpath(file.replace("\\", "/"))
        if file in self.paths:
            return [file]
        name = file.rsplit("/", 1)[-1]
        known = self.tails.get(name) or self.tails.get(split_suffix(name)[0], [])
        if "/" in file and len(known) > 1:
            tail = split_suffix(file)[0]
            ending = [i for i in known if ("/" + split_suffix(i)[0]).endswith("/" + tail)]
            inside = [i for i in known if ("/" + tail).endswith("/" + split_suffix(i)[0])]
            return ending or inside or known
        return known

    def of_prompt(self, row: Facts) -> list[str]:
        """Images of a row's prompt: in a folder called its id, called so, or with its words."""
        if key := row.prompt_id:
            found = self.folders.get(key) or self.tails.get(key)
            if not found and key.isdecimal() and len(key) < 20:
                found = self.numbers.get(int(key))
            if found:
                return found
        return self.prompts.get(" ".join((row.prompt or "").split()), []) if row.prompt else []


def match_rows(
    images: Sequence[str],
    rows: Sequence[Row],
    table: str,
    prompts: Mapping[str, str] = NO_PROMPTS,
    elsewhere: Sequence[str] = (),
) -> tuple[dict[str, Facts], list[str]]:
    """(image -> facts, sentences about the rows that could not be placed).

    A row that names a file speaks of that one; a row with a prompt_id speaks of every image of that
    prompt (and of its model, class or seed, if it names one and images are told apart by it); a row
    with a prompt only, of every image whose own metadata holds these words (`prompts`, image ->
    prompt); the only row of a table without a file speaks of all. A row about an image that is
    there but not judged (`elsewhere`) is no error.
    """
    index, others = Index(images, prompts), Index(elsewhere)
    found: dict[str, Facts] = {}
    wrong: dict[str, list[int]] = {}
    for row in rows:
        facts = row.facts
        if row.file:
            hits = index.named(row.file)
            if len(hits) > 1 and facts.model:
                hits = _inside(hits, (facts.model,))
            if len(hits) > 1:
                wrong.setdefault("could mean several images (give the path)", []).append(row.number)
                continue
        elif len(rows) == 1 and not facts.prompt_id:
            hits = list(images)
        else:
            hits = _inside(index.of_prompt(facts), (facts.model,))
            hits = _inside(hits, (ONEIG.get(tag.lower(), tag) for tag in facts.tags))
            hits = _of_seed(hits, facts.seed)
        if not hits and not (others.named(row.file) if row.file else others.of_prompt(facts)):
            wrong.setdefault("name no image here", []).append(row.number)
        if any(found.get(image, facts) != facts for image in hits):
            wrong.setdefault("repeat an image differently (the last counts)", []).append(row.number)
        found.update(dict.fromkeys(hits, facts))
    return found, [_sentence(table, len(rows), what, numbers) for what, numbers in wrong.items()]


def _inside(images: Sequence[str], folders: Iterable[str]) -> list[str]:
    """Those of `images` that lie in one of `folders`; all of them when none does."""
    wanted = {folder for folder in folders if folder}
    inside = [image for image in images if wanted & set(image.split("/")[:-1])] if wanted else []
    return inside or list(images)


def _of_seed(images: list[str], seed: int | None) -> list[str]:
    """Those of `images` that are called after `seed`; all of them when none is."""
    named = [i for i in images if split_suffix(i.rsplit("/", 1)[-1])[0] == str(seed)]
    return named or images


def _sentence(table: str, rows: int, what: str, numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
    return f"{table}: {len(numbers)} of {rows} rows {what}: row {shown}"

"""Find the images that the rows of a table speak of: by path, name, stem, or prompt_id folder."""

import posixpath
from collections.abc import Mapping, Sequence

from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.selection import split_suffix
from iqmetrics.metadata.tables import Row


class Index:
    """The images of a folder by path, by end of path, by stem and by the folders they lie in."""

    def __init__(self, images: Sequence[str]) -> None:
        self.images = images
        self.paths = set(images)
        self.tails: dict[str, list[str]] = {}
        self.folders: dict[str, list[str]] = {}
        for image in images:
            parts = image.split("/")
            self.tails.setdefault(parts[-1], []).append(image)
            self.tails.setdefault(split_suffix(parts[-1])[0], []).append(image)
            for folder in dict.fromkeys(parts[:-1]):
                self.folders.setdefault(folder, []).append(image)

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

    def of_prompt(self, prompt_id: str) -> list[str]:
        """Images in a folder called `prompt_id`, or called so themselves."""
        return self.folders.get(prompt_id) or self.tails.get(prompt_id, [])


def match_rows(
    images: Sequence[str], rows: Sequence[Row], table: str
) -> tuple[dict[str, Facts], list[str]]:
    """(image -> facts, sentences about the rows that could not be placed).

    A row that names a file speaks of that one; a row with a prompt_id speaks of every image of that
    prompt (and of its model, if it names one); the only row of a table speaks of all.
    """
    index = Index(images)
    found: dict[str, Facts] = {}
    unmatched: list[int] = []
    ambiguous: list[int] = []
    for row in rows:
        if row.file:
            hits = index.named(row.file)
            if len(hits) > 1:
                ambiguous.append(row.number)
                continue
        elif row.facts.prompt_id:
            hits = _of_model(index.of_prompt(row.facts.prompt_id), row.facts.model)
        else:
            hits = list(images) if len(rows) == 1 else []
        if not hits:
            unmatched.append(row.number)
        for image in hits:
            found[image] = row.facts
    return found, _sentences(table, len(rows), unmatched, ambiguous)


def _of_model(images: Sequence[str], model: str) -> list[str]:
    if not model:
        return list(images)
    inside = [image for image in images if model in image.split("/")[:-1]]
    return inside or list(images)


def _sentences(
    table: str, rows: int, unmatched: Sequence[int], ambiguous: Sequence[int]
) -> list[str]:
    said = []
    for numbers, what in (
        (unmatched, "name no image here"),
        (ambiguous, "could mean several images (give the path)"),
    ):
        if numbers:
            shown = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
            said.append(f"{table}: {len(numbers)} of {rows} rows {what}: row {shown}")
    return said


Matched = Mapping[str, Facts]

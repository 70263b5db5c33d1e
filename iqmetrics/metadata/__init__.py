"""An outputs folder, whatever tool wrote it, as ImageRecords.

`read_folder(folder)` does everything. A caller that caches goes step by step: `select_folder` (or
`select_files`), `describing` (the files whose facts are needed), `read_facts` for each of those
that changed (`Facts.to_json` is what to store), then `assemble`.
"""

from iqmetrics.metadata.assemble import FolderReport, prompt_id_of
from iqmetrics.metadata.facts import Facts
from iqmetrics.metadata.folder import (
    assemble,
    describing,
    read_facts,
    read_folder,
    select_files,
    select_folder,
)
from iqmetrics.metadata.selection import Selection
from iqmetrics.metadata.walk import Entry, walk

__all__ = [
    "Entry",
    "Facts",
    "FolderReport",
    "Selection",
    "assemble",
    "describing",
    "prompt_id_of",
    "read_facts",
    "read_folder",
    "select_files",
    "select_folder",
    "walk",
]

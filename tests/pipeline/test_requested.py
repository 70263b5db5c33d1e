"""A request and its row: what decides the key, and what is only written down."""

from dataclasses import replace

from iqmetrics.pipeline.requested import Places, Todo, todo_of
from iqmetrics.records import Prompt, PromptSuite
from iqmetrics.suites.plan import plan

PROMPT = Prompt("cat", "a cat", ("x",), "en", "dog", (), ((16, 8),), (7,), {"steps": 3, "about": 1})


def todo(prompt: Prompt = PROMPT, model: str = "m", stamp: str = "s") -> Todo:
    suite = PromptSuite("s", "2", (prompt,), 2)
    return todo_of(suite, model, plan(suite)[0], stamp, Places())


def key(made: Todo) -> str:
    return str(made.row["request"])


def test_the_row_says_everything_and_the_request_only_what_a_model_needs() -> None:
    made = todo(model="Org/m")
    assert made.row["file_name"].startswith("images/Org-m-") and made.row["model"] == "Org/m"
    assert (made.row["suite"], made.row["suite_pick"], made.row["about"]) == ("s 2", 2, 1)
    assert made.row["texts"] == [] and made.request.place == ("cat", 1)
    assert made.request.asked() == {
        "prompt": "a cat", "negative": "dog", "seed": 7, "width": 16, "height": 8, "steps": 3,
    }  # fmt: skip


def test_what_decides_the_image_decides_the_key() -> None:
    changed = [
        todo(stamp="other"),
        todo(replace(PROMPT, text="a dog")),
        todo(replace(PROMPT, negative=None)),
        todo(replace(PROMPT, seeds=(8,))),
        todo(replace(PROMPT, sizes=((8, 8),))),
        todo(replace(PROMPT, params={"steps": 4})),
    ]
    assert len({key(made) for made in [todo(), *changed]}) == 7


def test_tags_and_names_do_not() -> None:
    same = [todo(replace(PROMPT, tags=(), texts=None)), todo(model="other"), todo()]
    assert len({key(made) for made in same}) == 1
    assert "texts" not in todo(replace(PROMPT, texts=None)).row


def test_what_is_not_known_of_a_prompt_is_not_written() -> None:
    row = todo(Prompt("p", "a cat", language="")).row
    assert not {"language", "negative", "width", "height", "texts", "about"} & set(row)
    assert todo().row["language"] == "en"


def test_a_folder_that_holds_images_keeps_its_name_whatever_comes_beside_it() -> None:
    rows = [
        {"file_name": "images/m/cat/7.png", "model": "m", "prompt_id": "cat"},
        {"file_name": "elsewhere/n/Dog/7.png", "model": "n", "prompt_id": "Dog"},
        {"file_name": "0.png"},
    ]
    places = Places(rows)
    assert places.of("m", "Cat").startswith("images/m/Cat-")
    assert places.of("M", "Cat").startswith("images/M-") and places.of("M", "Cat")[-4:] == "/Cat"
    assert places.of("m", "cat") == "images/m/cat"
    assert places.of("n", "dog") == "images/n/dog"


def test_a_row_has_these_names_and_nothing_else() -> None:
    """A manifest that other programs read: the names of its columns are a promise."""
    made = todo()
    assert made.row == {
        "file_name": "images/m/cat/7.png", "model": "m", "prompt_id": "cat", "prompt": "a cat",
        "negative": "dog", "seed": 7, "width": 16, "height": 8, "texts": [], "tags": ["x"],
        "language": "en", "suite": "s 2", "suite_pick": 2, "about": 1, "request": key(made),
    }  # fmt: skip
    assert made.request.id == "cat/7"


def test_only_the_folder_of_its_own_name_is_taken_by_a_row() -> None:
    """Files that were moved by hand keep no name for a model or prompt that is not there."""
    places = Places([
        {"file_name": "images/moved/cat/7.png", "model": "other", "prompt_id": "cat"},
        {"file_name": "images/m/moved/7.png", "model": "m", "prompt_id": "dog"},
        {"file_name": "images/7/8/9.png", "model": 7, "prompt_id": 8},
    ])  # fmt: skip
    assert places.of("OTHER", "x") == "images/OTHER/x"
    assert places.of("other", "CAT").startswith("images/other-")
    assert places.of("other", "CAT").split("/")[2].startswith("CAT-"), "the prompt's is taken"
    assert places.of("m", "DOG") == "images/m/DOG"
    assert places.of("M", "x").startswith("images/M-")
    kept = Places([{"file_name": "images/m/cat/7.png", "model": "m", "prompt_id": "cat"}])
    assert kept.of("M", "cat").startswith("images/M-"), "whoever is asked for first"
    assert places.of("7", "8") == "images/7/8", "numbers of a table are names as well"


def test_of_names_that_differ_in_case_alone_the_first_by_name_keeps_its_folder() -> None:
    """Whatever the order of the rows: a resumed run must find the files of the last one."""
    names = [case for letter in "abcdef" for case in (letter, letter.upper())]
    rows = [{"file_name": f"images/m/{n}/0.png", "model": "m", "prompt_id": n} for n in names]
    for some in (rows, rows[::-1]):
        places = Places(some)
        kept = [name for name in names if places.of("m", name) == f"images/m/{name}"]
        assert kept == list("ABCDEF")

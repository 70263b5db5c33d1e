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

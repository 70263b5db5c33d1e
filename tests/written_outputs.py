"""One small outputs folder a convention, written as the tool writes it, with the facts in it.

Each writer gets an empty folder and answers the facts that `read_folder` must find for each image in
it (field of ImageRecord, or "steps", "checkpoint_hash" ... of its params). Used by tests/metadata and
benchmarks/folder.py.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from comfy_graphs import plain
from PIL import Image
from PIL.PngImagePlugin import PngInfo

PROMPT, NEGATIVE = "a red fox in the snow", "blurry, text"
SIZE = (64, 96)
COMMON = {"prompt": PROMPT, "negative": NEGATIVE, "seed": 42, "steps": 20, "requested_size": SIZE}
JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
INFOTEXT = (
    f"{PROMPT}\nNegative prompt: {NEGATIVE}\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, "
    "Size: 64x96, Model hash: abc1234567, Model: base, Version: v1.10.1"
)
Expected = dict[str, dict[str, Any]]


def picture(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    noise = np.random.default_rng(7).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(noise).convert(mode)


def save_png(path: Path, image: Image.Image | None = None, **chunks: str) -> None:
    info = PngInfo()
    for key, value in chunks.items():
        try:
            value.encode("latin-1")
            info.add_text(key, value)
        except UnicodeEncodeError:
            info.add_itxt(key, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or picture()).save(path, pnginfo=info)


def save_exif(path: Path, comment: str | bytes = "", **tags: str) -> None:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[int(tag.removeprefix("t"), 16)] = value
    if comment:
        body = comment if isinstance(comment, bytes) else b"UNICODE\0" + comment.encode("utf-16-be")
        exif.get_ifd(0x8769)[0x9286] = body
    path.parent.mkdir(parents=True, exist_ok=True)
    picture().save(path, exif=exif)


def save_xmp(path: Path, comment: str) -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:exif="e">'
        f'<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{comment}</rdf:li></rdf:Alt>'
        "</exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet)
    picture().save(path, pnginfo=info)


def graph() -> str:
    nodes = plain()
    nodes["5"]["inputs"].update(width=SIZE[0], height=SIZE[1])
    return json.dumps({**nodes, "3": {**nodes["3"], "is_changed": [float("nan")]}})


def comfyui_png(folder: Path) -> Expected:
    save_png(folder / "ComfyUI_00001_.png", prompt=graph(), workflow="{}")
    return {"ComfyUI_00001_.png": {**COMMON, "model": "base"}}


def comfyui_prompt_only(folder: Path) -> Expected:
    save_png(folder / "x.png", prompt=graph())
    return {"x.png": {**COMMON, "model": "base"}}


def comfyui_webp(folder: Path) -> Expected:
    save_exif(folder / "x.webp", t0110=f"prompt:{graph()}", t010f="workflow:{}")
    return {"x.webp": {**COMMON, "model": "base"}}


A1111 = {**COMMON, "model": "base", "checkpoint_hash": "abc1234567"}


def a1111_png(folder: Path) -> Expected:
    save_png(folder / "00000-42.png", parameters=INFOTEXT)
    return {"00000-42.png": A1111}


def a1111_jpeg(folder: Path) -> Expected:
    save_exif(folder / "00000-42.jpg", INFOTEXT)
    return {"00000-42.jpg": A1111}


def a1111_webp(folder: Path) -> Expected:
    save_exif(folder / "00000-42.webp", INFOTEXT)
    return {"00000-42.webp": A1111}


def a1111_little_endian(folder: Path) -> Expected:
    save_exif(folder / "x.jpg", b"UNICODE\0" + INFOTEXT.encode("utf-16-le"))
    return {"x.jpg": A1111}


def a1111_grids(folder: Path) -> Expected:
    save_png(folder / "txt2img-images/2024-05-01/00000-42.png", parameters=INFOTEXT)
    save_png(folder / "txt2img-grids/2024-05-01/grid-0000.png", parameters=INFOTEXT)
    return {"txt2img-images/2024-05-01/00000-42.png": A1111}


def a1111_text_file(folder: Path) -> Expected:
    save_png(folder / "x.png")
    (folder / "x.txt").write_text(INFOTEXT)
    return {"x.png": A1111}


def invokeai_current(folder: Path) -> Expected:
    row = {
        "app_version": "5.4.0", "positive_prompt": PROMPT, "negative_prompt": NEGATIVE,
        "width": 64, "height": 96, "seed": 42, "steps": 20, "cfg_scale": 7.0,
        "scheduler": "euler", "model": {"key": "k", "hash": "blake3:1", "name": "base"},
        "loras": [{"model": {"name": "style"}, "weight": 0.5}],
    }  # fmt: skip
    save_png(folder / "x.png", invokeai_metadata=json.dumps(row))
    loras = [{"name": "style", "strength": 0.5}]
    return {"x.png": {**COMMON, "model": "base", "checkpoint_hash": "blake3:1", "loras": loras}}


def invokeai_second(folder: Path) -> Expected:
    row = {
        "model_weights": "base", "model_hash": "abc", "app_version": "2.3.0",
        "image": {
            "prompt": [{"prompt": f"{PROMPT} [{NEGATIVE}]", "weight": 1.0}], "steps": 20,
            "cfg_scale": 7.5, "sampler": "k_euler", "seed": 42, "width": 64, "height": 96,
        },
    }  # fmt: skip
    save_png(folder / "x.png", **{"sd-metadata": json.dumps(row)})
    return {"x.png": {**COMMON, "model": "base", "checkpoint_hash": "abc"}}


def invokeai_first(folder: Path) -> Expected:
    text = f'"{PROMPT} [{NEGATIVE}]" -s 20 -S 42 -W 64 -H 96 -C 7.5 -A k_lms'
    save_png(folder / "x.png", Dream=text)
    return {"x.png": {**COMMON, "model": folder.name}}


FOOOCUS = {
    "prompt": PROMPT, "negative_prompt": NEGATIVE, "resolution": "(64, 96)", "seed": "42",
    "steps": 20, "guidance_scale": 4.0, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "base_model": "base.safetensors", "base_model_hash": "abc", "refiner_model": "None",
    "loras": [["style.safetensors", 0.5, "h"]], "metadata_scheme": "fooocus",
}  # fmt: skip


def fooocus(folder: Path) -> Expected:
    save_png(folder / "x.png", parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus")
    loras = [{"name": "style.safetensors", "strength": 0.5}]
    return {"x.png": {**COMMON, "model": "base", "loras": loras}}


def fooocus_comment(folder: Path) -> Expected:
    names = {k.replace("_", " ").title(): v for k, v in FOOOCUS.items() if k != "loras"}
    save_png(folder / "x.png", Comment=json.dumps(names))
    return {"x.png": {**COMMON, "model": "base", "checkpoint_hash": "abc"}}


def fooocus_jpeg(folder: Path) -> Expected:
    save_exif(folder / "x.jpg", json.dumps(FOOOCUS), t927c="fooocus")
    return {"x.jpg": {**COMMON, "model": "base"}}


NOVELAI = {
    "Title": "AI generated image", "Software": "NovelAI", "Description": PROMPT,
    "Source": "NovelAI Diffusion V4 37C2B166",
    "Comment": json.dumps({
        "prompt": PROMPT, "uc": NEGATIVE, "steps": 20, "seed": 42, "scale": 6.0,
        "sampler": "k_euler", "width": 64, "height": 96,
    }),
}  # fmt: skip
NOVELAI_FACTS = {**COMMON, "model": "NovelAI Diffusion V4", "checkpoint_hash": "37C2B166"}


def novelai(folder: Path) -> Expected:
    save_png(folder / "x.png", **NOVELAI)
    return {"x.png": NOVELAI_FACTS}


def hide(image: Image.Image, body: bytes, magic: bytes) -> Image.Image:
    """The RGBA `image` with `body` in the lowest bits of its alpha plane, column by column."""
    data = magic + (len(body) * 8).to_bytes(4, "big") + body
    pixels = np.array(image.convert("RGBA"))
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    plane = np.ascontiguousarray(pixels[..., 3].T).ravel()
    plane[: bits.size] = (plane[: bits.size] & 0xFE) | bits
    pixels[..., 3] = plane.reshape(pixels.shape[1], pixels.shape[0]).T
    return Image.fromarray(pixels)


def novelai_stealth(folder: Path) -> Expected:
    body = gzip.compress(json.dumps(NOVELAI).encode())
    save_png(folder / "x.png", hide(picture(), body, b"stealth_pngcomp"))
    return {"x.png": NOVELAI_FACTS}


def a1111_stealth(folder: Path) -> Expected:
    save_png(folder / "x.png", hide(picture(), INFOTEXT.encode(), b"stealth_pnginfo"))
    return {"x.png": A1111}


SWARM = {
    "sui_image_params": {
        "prompt": PROMPT, "negativeprompt": NEGATIVE, "model": "base.safetensors", "seed": 42,
        "steps": 20, "cfgscale": 7.0, "width": 64, "height": 96, "sampler": "euler",
        "loras": ["style"], "loraweights": ["0.5"], "swarm_version": "0.9.6.0",
    },
    "sui_models": [{"name": "base.safetensors", "param": "model", "hash": "0xabc"}],
}  # fmt: skip
SWARM_FACTS = {
    **COMMON, "model": "base", "checkpoint_hash": "0xabc",
    "loras": [{"name": "style", "strength": 0.5}],
}  # fmt: skip


def swarmui(folder: Path) -> Expected:
    save_png(folder / "x.png", parameters=json.dumps(SWARM))
    return {"x.png": SWARM_FACTS}


def swarmui_jpeg(folder: Path) -> Expected:
    save_exif(folder / "x.jpg", json.dumps(SWARM))
    return {"x.jpg": SWARM_FACTS}


def easydiffusion(folder: Path) -> Expected:
    chunks = {
        "prompt": PROMPT, "negative_prompt": NEGATIVE, "seed": "42", "width": "64",
        "height": "96", "num_inference_steps": "20", "guidance_scale": "7.5",
        "use_stable_diffusion_model": "C:\\models\\base.ckpt", "sampler_name": "euler_a",
    }  # fmt: skip
    save_png(folder / "x.png", **chunks)
    return {"x.png": {**COMMON, "model": "base"}}


def easydiffusion_titles(folder: Path) -> Expected:
    chunks = {
        "Prompt": PROMPT, "Negative Prompt": NEGATIVE, "Seed": 42, "Width": 64, "Height": 96,
        "Steps": 20, "Guidance Scale": 7.5, "Stable Diffusion model": "base", "Sampler": "euler",
    }  # fmt: skip
    save_exif(folder / "x.jpg", json.dumps(chunks))
    return {"x.jpg": {**COMMON, "model": "base"}}


def drawthings(folder: Path) -> Expected:
    row = {
        "c": PROMPT, "uc": NEGATIVE, "size": "64x96", "seed": 42, "steps": 20, "scale": 7.5,
        "model": "base_f16.ckpt", "sampler": "Euler a", "lora": [{"model": "s.ckpt", "weight": 0.5}],
    }  # fmt: skip
    save_xmp(folder / "x.png", json.dumps(row).replace('"', "&quot;"))
    loras = [{"name": "s.ckpt", "strength": 0.5}]
    return {"x.png": {**COMMON, "model": "base_f16", "loras": loras}}


def midjourney(folder: Path) -> Expected:
    text = f"{PROMPT} --no {NEGATIVE} --seed 42 --ar 2:3 --v 7 Job ID: {JOB}"
    save_png(folder / "x.png", Description=text, Author="somebody")
    facts = {"prompt": PROMPT, "negative": NEGATIVE, "seed": 42, "model": "Midjourney 7"}
    return {"x.png": {**facts, "job": JOB, "aspect": "2:3"}}


def midjourney_names(folder: Path) -> Expected:
    name = f"somebody_a_red_fox_in_the_snow_{JOB}_2.png"
    save_png(folder / name)
    return {name: {"prompt": PROMPT, "tile": 2, "job": JOB}}


def sidecar_txt(folder: Path) -> Expected:
    save_png(folder / "x.png")
    (folder / "x.txt").write_text(f"{PROMPT}\n")
    return {"x.png": {"prompt": PROMPT}}


ROW = {
    "prompt": PROMPT, "negative_prompt": NEGATIVE, "model": "base", "seed": 42, "steps": 20,
    "width": 64, "height": 96,
}  # fmt: skip
ROW_FACTS = {**COMMON, "model": "base"}


def sidecar_json(folder: Path) -> Expected:
    save_png(folder / "x.png")
    (folder / "x.json").write_text(json.dumps(ROW))
    return {"x.png": ROW_FACTS}


def sidecar_yaml(folder: Path) -> Expected:
    save_png(folder / "x.png")
    lines = [f"{key}: {value}" for key, value in ROW.items()]
    (folder / "x.yaml").write_text("\n".join(["---", *lines, "tags:", "  - fox", "  - snow"]))
    return {"x.png": {**ROW_FACTS, "tags": ("fox", "snow")}}


def imagefolder_jsonl(folder: Path) -> Expected:
    save_png(folder / "train/0001.png")
    (folder / "train/metadata.jsonl").write_text(
        json.dumps({"file_name": "0001.png", "text": PROMPT})
    )
    return {"train/0001.png": {"prompt": PROMPT}}


def imagefolder_csv(folder: Path) -> Expected:
    save_png(folder / "a/0001.png")
    save_png(folder / "b/0001.png")
    (folder / "metadata.csv").write_text(
        f'file_name,text\na/0001.png,"{PROMPT}"\nb/0001.png,other\n'
    )
    return {"a/0001.png": {"prompt": PROMPT, "model": "a"}, "b/0001.png": {"prompt": "other"}}


def manifest(folder: Path) -> Expected:
    rows = []
    for seed, status in ((42, "ok"), (43, "refused")):
        image = f"images/base/p1/{seed}.png"
        made = {"image": image} if status == "ok" else {"reason": "safety filter"}
        rows.append(
            {**ROW, **made, "seed": seed, "prompt_id": "p1", "status": status, "latency_s": 1.5}
        )
    save_png(folder / "images/base/p1/42.png")
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return {"images/base/p1/42.png": {**ROW_FACTS, "prompt_id": "p1", "latency_s": 1.5}}


def prompts_csv(folder: Path) -> Expected:
    save_png(folder / "model-a/fox/1.png")
    save_png(folder / "model-b/fox/1.png")
    (folder / "prompts.csv").write_text(
        f'prompt_id,prompt,tags,texts\nfox,{PROMPT},animal,"OPEN|24 h"\n'
    )
    facts = {"prompt": PROMPT, "prompt_id": "fox", "tags": ("animal",), "texts": ("OPEN", "24 h")}
    return {
        "model-a/fox/1.png": {**facts, "model": "model-a"},
        "model-b/fox/1.png": {**facts, "model": "model-b"},
    }


def geneval(folder: Path) -> Expected:
    expected: Expected = {}
    for number, thing in enumerate(("bench", "cow")):
        place = folder / f"{number:05d}"
        save_png(place / "samples/0000.png")
        save_png(place / "grid.png")
        row = {
            "tag": "single_object",
            "include": [{"class": thing}],
            "prompt": f"a photo of a {thing}",
        }
        (place / "metadata.jsonl").write_text(json.dumps(row))
        expected[f"{number:05d}/samples/0000.png"] = {
            "prompt": row["prompt"], "tags": ("single_object",), "model": folder.name,
        }  # fmt: skip
    return expected


def oneig(folder: Path) -> Expected:
    expected: Expected = {}
    for kind in ("anime", "text"):
        for model in ("m-1", "m-2"):
            path = folder / f"images/{kind}/{model}/000.webp"
            path.parent.mkdir(parents=True)
            picture().save(path)
            expected[f"images/{kind}/{model}/000.webp"] = {
                "model": model, "prompt_id": f"{kind}-000", "tags": (kind,), "may_be_grid": True,
            }  # fmt: skip
    return expected


def seed_in_name(folder: Path) -> Expected:
    save_png(folder / "00012-123456.png")
    save_png(folder / "fox_seed77.png")
    return {"00012-123456.png": {"seed": 123456}, "fox_seed77.png": {"seed": 77}}


WRITERS: tuple[Callable[[Path], Expected], ...] = (
    comfyui_png, comfyui_prompt_only, comfyui_webp, a1111_png, a1111_jpeg, a1111_webp,
    a1111_little_endian, a1111_grids, a1111_text_file, a1111_stealth, invokeai_current,
    invokeai_second, invokeai_first, fooocus, fooocus_comment, fooocus_jpeg, novelai,
    novelai_stealth, swarmui, swarmui_jpeg, easydiffusion, easydiffusion_titles, drawthings,
    midjourney, midjourney_names, sidecar_txt, sidecar_json, sidecar_yaml, imagefolder_jsonl,
    imagefolder_csv, manifest, prompts_csv, geneval, oneig, seed_in_name,
)  # fmt: skip
CONVENTIONS = {writer.__name__: writer for writer in WRITERS}


def differences(records: list[Any], expected: Expected) -> list[str]:
    """What `records` say otherwise than `expected`: one line each."""
    found = {record.image: record for record in records}
    wrong = [f"images {sorted(found)} != {sorted(expected)}"] if set(found) != set(expected) else []
    for image in set(found) & set(expected):
        record = found[image]
        for name, value in expected[image].items():
            got = getattr(record, name) if hasattr(record, name) else record.params.get(name)
            if got != value:
                wrong.append(f"{image}: {name} = {got!r}, not {value!r}")
    return wrong

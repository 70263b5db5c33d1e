"""ComfyUI graphs that are hard to read, each with what its sampler was really given.

Written for these tests; node classes and input names are those of ComfyUI and of well-known node
packs. Used by tests/metadata/test_comfyui.py and benchmarks/folder.py.
"""

from typing import Any, NamedTuple

POSITIVE, NEGATIVE = "a red fox in the snow", "blurry, text"


class Case(NamedTuple):
    """A graph and the facts in it; None = must not be told."""

    graph: dict[str, Any]
    prompt: str | None = POSITIVE
    negative: str | None = NEGATIVE
    model: str = "base.safetensors"
    seed: int | None = 42
    steps: int | None = 20
    confidence: str = "high"


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def sampler(**changes: Any) -> dict[str, Any]:
    inputs: dict[str, Any] = {
        "seed": 42, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal",
        "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
        "latent_image": ["5", 0],
    }  # fmt: skip
    return node("KSampler", **{k: v for k, v in {**inputs, **changes}.items() if v is not None})


def plain(**changes: Any) -> dict[str, Any]:
    """The default graph with some nodes replaced, added, or (None) taken out."""
    graph = {
        "3": sampler(),
        "4": node("CheckpointLoaderSimple", ckpt_name="base.safetensors"),
        "5": node("EmptyLatentImage", width=832, height=1216, batch_size=1),
        "6": node("CLIPTextEncode", text=POSITIVE, clip=["4", 1]),
        "7": node("CLIPTextEncode", text=NEGATIVE, clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    }
    graph.update({key.removeprefix("n"): value for key, value in changes.items()})
    return {key: value for key, value in graph.items() if value is not None}


def encode(text: Any) -> dict[str, Any]:
    return node("CLIPTextEncode", text=text, clip=["4", 1])


def _guider_chain() -> dict[str, Any]:
    return plain(
        n3=node(
            "SamplerCustomAdvanced", noise=["25", 0], guider=["22", 0], sampler=["16", 0],
            sigmas=["18", 0], latent_image=["5", 0],
        ),
        n16=node("KSamplerSelect", sampler_name="euler"),
        n17=node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["30", 0]),
        n18=node("SplitSigmas", step=10, sigmas=["17", 0]),
        n22=node("CFGGuider", cfg=4.0, model=["30", 0], positive=["26", 0], negative=["7", 0]),
        n25=node("RandomNoise", noise_seed=42),
        n26=node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
        n30=node("ModelSamplingFlux", max_shift=1.15, model=["31", 0]),
        n31=node("LoraLoaderModelOnly", lora_name="style.safetensors", strength_model=0.8, model=["4", 0]),
    )  # fmt: skip


def _subgraph() -> dict[str, Any]:
    inner = plain()
    ids = {key: f"76:{key}" for key in inner if key != "9"}

    def moved(value: Any) -> Any:
        return [ids.get(value[0], value[0]), value[1]] if isinstance(value, list) else value

    return {
        ids.get(key, key): node(
            one["class_type"], **{name: moved(value) for name, value in one["inputs"].items()}
        )
        for key, one in inner.items()
    }


HARD: dict[str, Case] = {
    "reroute": Case(
        plain(
            n3=sampler(positive=["20", 0], model=["22", 0]),
            n20=node("Reroute", **{"": ["21", 0]}),
            n21=node("Reroute", **{"": ["6", 0]}),
            n22=node("Reroute", **{"": ["4", 0]}),
        )
    ),
    "primitive_string": Case(
        plain(n6=encode(["20", 0]), n20=node("PrimitiveStringMultiline", value=POSITIVE))
    ),
    "string_concatenate": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("StringConcatenate", string_a="a red fox", string_b=["21", 0], delimiter=" "),
            n21=node("PrimitiveString", value="in the snow"),
        )
    ),
    "encode_flux": Case(
        plain(
            n6=node(
                "CLIPTextEncodeFlux", clip_l=POSITIVE, t5xxl=POSITIVE, guidance=3.5, clip=["4", 1]
            ),
            n7=node("ConditioningZeroOut", conditioning=["6", 0]),
        ),
        negative="",
    ),
    "encode_sdxl": Case(
        plain(
            n6=node(
                "CLIPTextEncodeSDXL", width=1024, height=1024, crop_w=0, crop_h=0,
                target_width=1024, target_height=1024, text_g=POSITIVE, text_l="fox",
                clip=["4", 1],
            )
        )
    ),
    "controlnet_both_slots": Case(
        plain(
            n3=sampler(positive=["20", 0], negative=["20", 1]),
            n20=node(
                "ControlNetApplyAdvanced", strength=0.8, start_percent=0.0, end_percent=1.0,
                positive=["6", 0], negative=["7", 0], control_net=["21", 0], image=["22", 0],
            ),
            n21=node("ControlNetLoader", control_net_name="depth.safetensors"),
            n22=node("LoadImage", image="depth.png"),
        )
    ),
    "subgraph_ids": Case(_subgraph()),
    "seed_node": Case(
        plain(
            n3=sampler(seed=["20", 0], steps=["21", 0]),
            n20=node("Seed (rgthree)", seed=42),
            n21=node("PrimitiveInt", value=20),
        )
    ),
    "pipe_loader": Case(
        {
            "1": node(
                "easy fullLoader", ckpt_name="base.safetensors", vae_name="Baked VAE",
                lora_name="None", positive=POSITIVE, negative=NEGATIVE, empty_latent_width=832,
                empty_latent_height=1216, batch_size=1,
            ),
            "2": node(
                "easy fullkSampler", steps=20, cfg=7.0, sampler_name="euler", seed=42,
                image_output="Save", pipe=["1", 0],
            ),
        }
    ),
    "efficient_loader": Case(
        {
            "1": node(
                "Efficient Loader", ckpt_name="base.safetensors", vae_name="Baked VAE",
                clip_skip=-1, lora_name="None", positive=POSITIVE, negative=NEGATIVE,
                empty_latent_width=832, empty_latent_height=1216,
            ),
            "2": node(
                "KSampler (Efficient)", seed=42, steps=20, cfg=7.0, sampler_name="euler",
                model=["1", 0], positive=["1", 1], negative=["1", 2], latent_image=["1", 3],
                optional_vae=["1", 4],
            ),
            "3": node("SaveImage", filename_prefix="x", images=["2", 5]),
        }
    ),
    "switch": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node(
                "ImpactSwitch", select=2, sel_mode=False, input1=["21", 0], input2=["22", 0]
            ),
            n21=node("PrimitiveString", value="a blue whale"),
            n22=node("PrimitiveString", value=POSITIVE),
        )
    ),
    "guider_chain": Case(_guider_chain()),
    "api_node": Case(
        {
            "1": node("FluxProUltraImageNode", prompt=POSITIVE, seed=42, aspect_ratio="16:9"),
            "2": node("SaveImage", filename_prefix="x", images=["1", 0]),
        },
        negative=None,
        model="FluxProUltraImageNode",
        steps=None,
    ),
}  # fmt: skip
"""The 13 kinds that a reader of real folders must get right."""

MORE: dict[str, Case] = {
    "written_by_a_vision_model": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("Florence2Run", text_input="describe this", task="caption", image=["21", 0]),
            n21=node("LoadImage", image="x.png"),
        ),
        prompt=None,
        confidence="low",
    ),
    "written_by_a_language_model": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("OllamaGenerate", prompt="write a prompt", model="llama3", url="http://x"),
        ),
        prompt="write a prompt",
        confidence="low",
    ),
    "string_from_an_image": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("SomeNewCaptioner", prompt="describe this", image=["21", 0]),
            n21=node("LoadImage", image="x.png"),
        ),
        prompt="describe this",
        confidence="low",
    ),
    "populated_wildcards": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node(
                "ImpactWildcardProcessor", wildcard_text="a {red|blue} fox", seed=1,
                populated_text=POSITIVE, mode="populate",
            ),
        )
    ),
    "switch_not_told": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("Any Switch (rgthree)", any_01=["21", 0], any_02=["22", 0]),
            n21=node("PrimitiveString", value="a blue whale"),
            n22=node("PrimitiveString", value=POSITIVE),
        ),
        prompt=f"a blue whale\n{POSITIVE}",
        confidence="medium",
    ),
    "boolean_switch": Case(
        plain(
            n3=sampler(positive=["20", 0]),
            n20=node("ComfySwitchNode", switch=False, on_true=["21", 0], on_false=["6", 0]),
            n21=encode("a blue whale"),
        )
    ),
    "combined_conditionings": Case(
        plain(
            n3=sampler(positive=["20", 0]),
            n20=node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["21", 0]),
            n21=encode("oil painting"),
        ),
        prompt=f"{POSITIVE}\noil painting",
        confidence="medium",
    ),
    "basic_pipe": Case(
        plain(
            n3=node(
                "ImpactKSamplerBasicPipe", seed=42, steps=20, cfg=7.0, sampler_name="euler",
                basic_pipe=["20", 0], latent_image=["5", 0],
            ),
            n8=node("VAEDecode", samples=["3", 1], vae=["3", 2]),
            n20=node(
                "ToBasicPipe", model=["4", 0], clip=["4", 1], vae=["4", 2], positive=["6", 0],
                negative=["7", 0],
            ),
        )
    ),
    "face_detailer_last": Case(
        plain(
            n9=node("SaveImage", images=["20", 0]),
            n20=node(
                "FaceDetailer", seed=7, steps=10, cfg=4.0, image=["8", 0], model=["4", 0],
                positive=["21", 0], negative=["7", 0], clip=["4", 1], vae=["4", 2],
            ),
            n21=encode("a face"),
        )
    ),
    "image_then_video": Case(
        {
            **plain(n9=None),
            "20": node("ImageOnlyCheckpointLoader", ckpt_name="svd.safetensors"),
            "21": node(
                "SVD_img2vid_Conditioning", width=1024, height=576, clip_vision=["20", 1],
                init_image=["8", 0], vae=["20", 2],
            ),
            "22": sampler(
                seed=1, steps=15, model=["20", 0], positive=["21", 0], negative=["21", 1],
                latent_image=["21", 2],
            ),
            "23": node("VAEDecode", samples=["22", 0], vae=["20", 2]),
            "1": node("SaveAnimatedWEBP", filename_prefix="x", images=["23", 0]),
        }
    ),
    "cycle": Case(plain(n4=node("Reroute", model=["20", 0]), n20=node("Reroute", x=["4", 0])), model=""),
    "shown_text": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("ShowText|pysssss", text=["21", 0], text_0=POSITIVE),
            n21=node("PrimitiveString", value=POSITIVE),
        )
    ),
    "replaced_words": Case(
        plain(
            n6=encode(["20", 0]),
            n20=node("StringReplace", string="a COLOUR fox in the snow", find="COLOUR", replace="red"),
        )
    ),
    "nothing_but_an_upload": Case(
        {"1": node("LoadImage", image="x.png"), "2": node("SaveImage", images=["1", 0])},
        prompt=None, negative=None, model="", seed=None, steps=None, confidence="low",
    ),
}  # fmt: skip
"""Further graphs, among them those whose prompt the file does not hold."""

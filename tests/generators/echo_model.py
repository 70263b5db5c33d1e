"""A program for `command:`: paints the seed as a grey; some prompts make it misbehave."""

import json
import os
import sys
import time
from pathlib import Path

from PIL import Image

print("loading the model ...", flush=True)
for line in sys.stdin:
    row = json.loads(line)
    with open(os.environ["ECHO_LOG"], "a", encoding="utf-8") as log:
        log.write(line)
    answer = {"id": row["id"], "path": row["out"], "telemetry": {"steps_executed": 4}}
    if "refuse" in row["prompt"]:
        answer = {"id": row["id"], "error": "not this", "kind": "refused"}
    elif "die" in row["prompt"]:
        sys.exit("out of luck")
    elif "sleep" in row["prompt"]:
        time.sleep(30)
    elif "garbage" in row["prompt"]:
        Path(row["out"]).write_bytes(b"no image")
    else:
        size = (row.get("width", 32), row.get("height", 32))
        Image.new("L", size, row["seed"] % 256).save(row["out"])
        answer["not_applied"] = [name for name in ("negative",) if name in row]
    print(json.dumps(answer), flush=True)

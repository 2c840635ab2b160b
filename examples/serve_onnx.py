"""Read texts with a saved student, without PyTorch: python serve_onnx.py FOLDER."""

import json
import re
import sys
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession

folder = Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text("utf-8"))
words = (folder / "vocabulary.txt").read_text("utf-8").split("\n")[:-1]
numbers = {word: number for number, word in enumerate(words)} | {"<pad>": 1}
session = InferenceSession(folder / "model.onnx")
rules = config["tokenizer"]

for text in sys.stdin:
    text = text.lower()
    for pattern, replacement in rules["replace"]:
        text = re.sub(pattern, replacement, text)
    tokens, most = text.split(), rules["max_tokens"]
    if len(tokens) > most:  # the first and the last half
        tokens = tokens[: most - most // 2] + tokens[len(tokens) - most // 2 :]
    x = np.array([[numbers.get(token, 1) for token in tokens] or [1]])
    given = {"tokens": x, "lengths": np.array([x.shape[1]])}
    z = session.run(["logits"], given)[0][0] / config["temperature"]
    e = np.exp(z - z.max())
    p = 1 / (1 + np.exp(-z)) if config["multilabel"] else e / e.sum()
    print(dict(zip(config["labels"], p.round(6).tolist(), strict=True)))

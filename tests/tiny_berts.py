"""Tiny pre-trained models with random weights, one of each family."""

import torch
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    GPT2Config,
    RobertaConfig,
)

VOCABULARY_SIZE = 40
LAYERS = 3
# Large weights, so that every token and every position shows in the logits.
SIZES = {"vocab_size": VOCABULARY_SIZE, "num_hidden_layers": LAYERS}
SIZES |= {"hidden_size": 16, "num_attention_heads": 2, "initializer_range": 0.5}
CONFIGS = {
    "bert": BertConfig(**SIZES, intermediate_size=32, max_position_embeddings=40),
    "roberta": RobertaConfig(**SIZES, intermediate_size=32, max_position_embeddings=42),
    "distilbert": DistilBertConfig(**SIZES, hidden_dim=32, max_position_embeddings=40),
    "gpt2": GPT2Config(**SIZES, n_positions=40, bos_token_id=2, eos_token_id=2),
}
FAMILIES = list(CONFIGS)


def make_tiny(family, folder, num_labels=2):
    """Write a tiny model into a folder and return the folder."""
    torch.manual_seed(0)
    config = CONFIGS[family]
    config.num_labels = num_labels
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def make_batch(lengths=(9, 1, 4, 9, 2), behind=0):
    """Return tokens and lengths; behind each review stands the number `behind`."""
    torch.manual_seed(1)
    lengths = torch.tensor(lengths)
    tokens = torch.randint(3, VOCABULARY_SIZE, (len(lengths), int(lengths.max())))
    return tokens.masked_fill(
        torch.arange(tokens.shape[1]) >= lengths.unsqueeze(1), behind
    ), lengths

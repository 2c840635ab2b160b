"""Tiny pre-trained models with random weights, one of each family."""

from copy import copy

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModelForSequenceClassification,
    BartConfig,
    BertConfig,
    ConvBertConfig,
    DistilBertConfig,
    GPT2Config,
    LlamaConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
    T5Config,
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
# Read from left to right and without a number for padding; and three that are refused.
ENDS = {"bos_token_id": 2, "eos_token_id": 2}
CONFIGS |= {
    "llama": LlamaConfig(**SIZES, **ENDS, intermediate_size=32, pad_token_id=-1),
    "convbert": ConvBertConfig(**SIZES, intermediate_size=32, embedding_size=16),
    "t5": T5Config(
        vocab_size=VOCABULARY_SIZE, d_model=16, d_kv=8, d_ff=32, num_heads=2
    ),
    "bart": BartConfig(
        vocab_size=VOCABULARY_SIZE, d_model=16, encoder_layers=1, decoder_layers=1
    ),
}


def make_tiny(family, folder, num_labels=2, **changes):
    """Write a tiny model into a folder and return the folder."""
    torch.manual_seed(0)
    config = copy(CONFIGS[family])
    for name, value in {"num_labels": num_labels, **changes}.items():
        setattr(config, name, value)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def make_tokenizer(folder, words=30, **options):
    """Write a tokenizer into a folder: 7 special and common tokens, and more words."""
    known = ["<s>", "<pad>", "</s>", "<unk>", "good", "bad", "film"]
    known += [f"word{i}" for i in range(words)]
    tokenizer = Tokenizer(
        models.WordLevel({w: i for i, w in enumerate(known)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", **special, **options
    ).save_pretrained(folder)


def make_batch(lengths=(9, 1, 4, 9, 2), behind=0):
    """Return tokens and lengths; behind each review stands the number `behind`."""
    torch.manual_seed(1)
    lengths = torch.tensor(lengths)
    tokens = torch.randint(3, VOCABULARY_SIZE, (len(lengths), int(lengths.max())))
    return tokens.masked_fill(
        torch.arange(tokens.shape[1]) >= lengths.unsqueeze(1), behind
    ), lengths

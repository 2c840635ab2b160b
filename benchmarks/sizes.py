"""How much each comparison reads: enough to measure, and all of it in ten minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Reviews, tokens and rounds of the comparisons; one thread."""

    repeats: int
    packed_batches: int  # of 64 reviews, and of each kind
    packed_sizes: tuple[int, int]  # embedding, hidden units a direction
    bucketed_reviews: int
    online_reviews: int
    inference_reviews: int
    inference_copies: int
    bert: dict[str, int]  # changes to the sizes of BERT
    peer_reviews: int
    peer_epochs: int
    peer_tokens: int


SIZES = {
    "full": Sizes(
        repeats=5,
        packed_batches=2,
        packed_sizes=(100, 128),
        bucketed_reviews=3_200,  # two pools of buckets at 32 reviews a batch
        online_reviews=192,
        inference_reviews=32,
        inference_copies=64,
        bert={},
        peer_reviews=1_280,
        peer_epochs=3,
        peer_tokens=256,
    ),
    # Seconds: it shows that everything runs, and supports no claim.
    "tiny": Sizes(
        repeats=2,
        packed_batches=1,
        packed_sizes=(8, 8),
        bucketed_reviews=64,
        online_reviews=32,
        inference_reviews=4,
        inference_copies=2,
        bert={
            "hidden_size": 24,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 48,
        },
        peer_reviews=64,
        peer_epochs=8,
        peer_tokens=32,
    ),
}

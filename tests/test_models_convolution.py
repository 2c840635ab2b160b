import pytest
import torch
from torch import nn

from course_lib.models import TextCNN


@pytest.mark.parametrize("width", [3, 4, 5])
def test_a_filter_reads_what_the_convolution_of_the_review_alone_gives(width):
    """Also where its answers are all below those to padding."""
    torch.manual_seed(0)
    model = TextCNN(60, 2, 5, 4, widths=(width,), dropout=0.0).eval()
    filters = model.convolutions[0]
    with torch.no_grad():
        filters.weight.neg_().abs_().neg_()
        model.embedding.weight[2:].abs_()
        filters.bias.fill_(5.0)  # the answer to padding: the largest of all
        words, lengths = torch.randint(2, 60, (2, 11)), torch.tensor([2, 7])
        logits = model(words, lengths)
        for row, n, logit in zip(words, lengths, logits, strict=True):
            x = model.embedding(row[:n]).T[None]
            answers = nn.functional.conv1d(
                x, filters.weight, filters.bias, padding=width - 1
            )
            expected = model.head(answers.amax(2).relu())[0]
            torch.testing.assert_close(logit, expected)

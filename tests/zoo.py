"""The bug zoo: mistakes that the ordinary tests must catch if they enter `course_lib`.

To add one, append a `Mistake` to MISTAKES: the file in `course_lib`, the test files of
which one must then fail, a name, a piece of the file's text that occurs in it once, and
what the mistake makes of it. `pytest tests/test_zoo.py -k "part of the name"` tries it.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

LOSSES = sorted((Path(__file__).parent.parent / "course_lib" / "losses").glob("*.py"))

# Mistakes found in published code, and where. Each is in MISTAKES, by its number.
PUBLISHED = {
    1: "T² left out (keras-io example #869, TextBrewer, IntelLabs distiller #122)",
    2: "probabilities instead of log-probabilities into KLDivLoss (ProDA #20)",
    3: "reduction='mean' for 'batchmean' (haitongli #48, DeiT #61, neural-compressor)",
    4: "softmax distillation on a multi-label task (TextBrewer #50, a GoEmotions card)",
    7: "gradients flow into the teacher (KD_Lib, L2D)",
    8: "teacher and student swapped, or one of them twice (keras-io #257, labml #66)",
    5: "threshold 0.5 applied to logits (a torchdistill example)",
    6: "teacher left in train mode (torchdistill since PR #333)",
    9: "soft targets paired with the wrong examples after a shuffle (haitongli #4)",
    10: "a head never given to the optimizer (neural-compressor)",
    11: "padding enters the LSTM's state or the pooling (many IMDB tutorials)",
    12: "test set used to choose the epoch (mdistiller #7)",
    13: "train and test overlap (abhimishra91 PR #1)",
    14: "p log p with a probability that underflows (PyTorch tutorial PR #2785)",
    15: "clamps that do nothing, or cut the gradient (L2D, PyText)",
    16: "metric averaged over batches, the last one short (several courses)",
    17: "student left in eval mode from epoch 2 (KD_Lib)",
    18: "softmax of a softmax (an article on multi-label distillation)",
}


@dataclass(frozen=True)
class Mistake:
    """One change to one file. `number` is its row in PUBLISHED, if it has one."""

    file: str  # below course_lib
    tests: tuple[str, ...]  # below tests; "file" or "file::test"
    name: str
    old: str
    new: str
    number: int | None = None


def loss(name: str, old: str, new: str, number: int | None = None) -> Mistake:
    """A mistake in the one file of the losses that has these words."""
    file = next((f for f in LOSSES if old in f.read_text(encoding="utf-8")), LOSSES[0])
    return Mistake(f"losses/{file.name}", ("test_losses.py",), name, old, new, number)


text = partial(Mistake, "text.py", ("test_text.py",))
cuts = partial(Mistake, "thresholds.py", ("test_thresholds.py",))
labelwise = partial(Mistake, "models/labelwise.py", ("test_models_labelwise.py",))
ngrams = partial(Mistake, "models/ngrams.py", ("test_models_ngrams.py",))
seen = partial(
    Mistake, "losses/label_embeddings.py", ("test_losses_label_embeddings.py",)
)
hidden = partial(Mistake, "losses/hidden.py", ("test_losses_hidden.py",))
inside = partial(Mistake, "training/hidden_states.py", ("test_hidden_states.py",))
looks = partial(Mistake, "training/attention.py", ("test_attention.py",))
broken = partial(Mistake, "reviews/corruptions.py", ("test_reviews_corruptions.py",))
left = partial(Mistake, "robustness.py", ("test_robustness.py",))
cut_up = partial(Mistake, "segments.py", ("test_segments.py",))
in_segments = partial(Mistake, "models/segmented.py", ("test_models_segmented.py",))
tokens = partial(Mistake, "losses/tokens.py", ("test_losses_tokens.py",))
tagged = partial(Mistake, "tagged.py", ("test_tagged.py",))
names = partial(Mistake, "spans.py", ("test_spans.py",))
exercise = partial(Mistake, "checks/expect.py", ("test_checks_expect.py",))
older = partial(  # the copy that the zoo breaks has no records to read
    Mistake,
    "records.py",
    (
        "test_records.py::test_an_older_records_interval_is_no_narrower_than_its_seeds_allow",
        "test_records.py::test_nor_narrower_than_the_bootstrap_was",
    ),
)
controls = partial(
    Mistake, "soft_target_controls.py", ("test_soft_target_controls.py",)
)
kinds = partial(
    Mistake,
    "checks/kinds_of_distillation.py",
    ("test_checks_kinds_of_distillation.py",),
)
jury = partial(Mistake, "checks/committee.py", ("test_checks_committee.py",))
pooled = partial(Mistake, "models/pooling.py", ("test_models_pooling.py",))
lines = partial(Mistake, "generations.py", ("test_generations.py",))
heirs = partial(
    Mistake,
    "checks/iterated_distillation.py",
    ("test_checks_iterated_distillation.py",),
)
words = partial(Mistake, "word_vectors.py", ("test_word_vectors.py",))
UNLABELLED = (
    "test_distill.py::test_unlabelled_reviews_join_in_without_a_label_of_their_own",
)
batches = partial(Mistake, "batches.py", ("test_batches.py",))
pooling = partial(
    Mistake, "models/pooling.py", ("test_models_pooling.py", "test_models_recurrent.py")
)
recurrent = partial(Mistake, "models/recurrent.py", ("test_models_recurrent.py",))
NAMED = ("test_models_convolution.py", "test_models_named.py")
textcnn = partial(Mistake, "models/convolution.py", NAMED)
embeddings = partial(Mistake, "models/embeddings.py", ("test_models_embeddings.py",))
rounding = partial(Mistake, "models/rounding.py", ("test_models_rounding.py",))
compress = partial(Mistake, "models/compress.py", ("test_models_compress.py",))
model_sizes = partial(Mistake, "models/sizes.py", ("test_models_named.py",))
bert = partial(Mistake, "models/bert.py", ("test_models_bert.py",))
pretrained = partial(Mistake, "models/pretrained.py", ("test_models_pretrained.py",))
layers = partial(Mistake, "models/layers.py", ("test_models_layers.py",))
onnx = partial(Mistake, "models/export.py", ("test_models_export.py",))
soft_targets = partial(Mistake, "soft_targets.py", ("test_soft_targets.py",))
target_files = partial(Mistake, "soft_target_files.py", ("test_soft_target_files.py",))
asked_once = partial(Mistake, "soft_target_cache.py", ("test_soft_target_files.py",))


def trained(test: str) -> partial[Mistake]:
    """A mistake in the loop and the one test for it: all of them take too long."""
    return partial(Mistake, "training/loop.py", (f"test_training.py::test_{test}",))


steps = trained("it_takes_the_steps_of_a_plain_loop_written_out")
best_epoch = trained("the_weights_kept_are_those_of_the_best_epoch_on_validation")
mode = trained("every_training_step_of_every_epoch_is_in_train_mode")
seeds = trained("the_same_seed_gives_the_same_weights_and_another_does_not")
label_kind = partial(
    Mistake,
    "training/objectives.py",
    ("test_training.py::test_labels_decide_between_softmax_and_sigmoids",),
)
taught = partial(
    Mistake,
    "training/objectives.py",
    ("test_training.py::test_it_takes_the_steps_of_a_plain_loop_written_out",),
)
objective = partial(
    Mistake,
    "training/loop.py",
    ("test_objectives.py::test_a_token_wise_loss_fits_through_it",),
)
no_number = trained("weights_that_are_no_number_stop_it_too")
RESUMED = ("test_resume.py::test_a_run_that_was_stopped_ends_with_the_same_weights",)
BEST = (
    "test_training.py::test_the_weights_kept_are_those_of_the_best_epoch_on_validation",
)
NO_NUMBER = "test_training_errors.py::test_"
no_gradient = partial(
    Mistake, "training/loop.py", (f"{NO_NUMBER}a_gradient_that_is_no_number_stops_it",)
)
no_weight = partial(
    Mistake,
    "training/loop.py",
    (f"{NO_NUMBER}weights_that_overflow_in_the_last_step_are_not_kept",),
)
MEAN_LOSS = (
    "test_training.py::"
    "test_the_training_loss_is_the_mean_over_reviews_and_not_over_batches",
)
GOOD = ("test_training_errors.py::test_the_last_good_checkpoint_is_kept",)
resumed = partial(Mistake, "training/loop.py", RESUMED)
not_kept = partial(Mistake, "training/loop.py", GOOD)
saved = partial(Mistake, "training/checkpoints.py")
in_files = partial(Mistake, "tensor_files.py")
KILLED = ("test_resume.py::test_killed_in_the_middle_of_writing_a_checkpoint",)
DAMAGED = ("test_resume.py::test_a_flipped_bit_is_noticed",)
FOREIGN = ("test_resume.py::test_another_runs_checkpoint_is_refused",)
TWICE = ("test_resume.py::test_two_runs_cannot_use_one_checkpoint",)


def run(
    name: str,
    old: str,
    new: str,
    number: int | None = None,
    tests: tuple[str, ...] = RESUMED,
) -> Mistake:
    """A mistake in training/runs.py."""
    return Mistake("training/runs.py", tests, name, old, new, number)


kept = partial(Mistake, "experiment.py", ("test_experiment.py",))
metrics = partial(Mistake, "metrics.py", ("test_metrics.py",))
sure = partial(Mistake, "intervals.py", ("test_intervals.py",))
compared = partial(Mistake, "comparison.py", ("test_comparison.py",))
leaks = partial(Mistake, "reviews/leaks.py", ("test_reviews_table.py",))
many_class = partial(
    Mistake, "losses/many_classes.py", ("test_losses_many_classes.py",)
)

# Pieces of the losses that can go wrong in several ways.
KL = "(log_p.exp() * (log_p - log_q)).sum(-1).mean()"
ENTROPY = "-(log_p.exp() * log_p)"
TOTAL = "self.alpha * soft + (1 - self.alpha) * "
FLOAT64 = 'to(torch.float32 if logits.device.type == "mps" else torch.float64)'
YES_NO = "F.logsigmoid(z), F.logsigmoid(-z)], dim=-1)"
SHARED = ") / temperature).log_softmax(-1)"
PAIR = "kl_divergence(teacher_logits, student_logits, temperature)"
MIXTURE = "torch.logaddexp(log_p, log_q) - math.log(2)"
IN_RANGE = "~((labels >= 0) & (labels <= most))"

# One line each where it fits.
# fmt: off
MISTAKES = [
    # The weight of each part.
    loss("soft part without T²", "temperature**2 * kl", "kl", 1),
    loss("soft part times T", "temperature**2 * kl", "temperature * kl"),
    loss("soft part over T²", "temperature**2 * kl", "temperature**-2 * kl"),
    loss("multi-label part without T²", "temperature**2 * mean", "mean", 1),
    loss("multi-label part times T", "temperature**2 * mean", "temperature * mean"),
    loss("T² on the hard part", TOTAL, TOTAL + "self.temperature**2 * "),
    loss("alpha on the labels", TOTAL, "(1 - self.alpha) * soft + self.alpha * "),
    loss("hard part unweighted", TOTAL, "self.alpha * soft + "),
    loss("soft part unweighted", TOTAL, "soft + (1 - self.alpha) * "),

    # What is compared with what.
    loss("soft loss swapped", PAIR,
         "kl_divergence(student_logits, teacher_logits, temperature)", 8),
    loss("soft loss of the teacher with itself", PAIR,
         "kl_divergence(teacher_logits, teacher_logits, temperature)", 8),
    loss("soft loss of the student with itself", PAIR,
         "kl_divergence(student_logits.detach(), student_logits, temperature)", 8),
    loss("whole loss swapped", "soft_loss(student_logits, teacher_logits, s",
         "soft_loss(teacher_logits, student_logits, s", 8),
    loss("multi-label loss of the teacher with itself",
         "_log_yes_no(student_logits", "_log_yes_no(teacher_logits", 8),
    loss("multi-label loss swapped", "2 * mean_kl(log_p, log_q)",
         "2 * mean_kl(log_q, log_p)", 8),
    loss("KL reversed", "rounded(mean_kl(log_p, log_q)",
         "rounded(mean_kl(log_q, log_p)", 8),
    loss("cross-entropy reversed", "log_p.exp() * log_q", "log_q.exp() * log_p"),
    loss("softmax loss on many labels", "soft_loss = multilabel_soft_target_loss",
         "soft_loss = soft_target_loss", 4),
    loss("labels read from the teacher", "cross_entropy(logits, labels.long()",
         "cross_entropy(logits, teacher_logits.argmax(-1)"),
    loss("hard loss of the teacher", "cross_entropy(logits, labels.long()",
         "cross_entropy(precise(teacher_logits), labels.long()"),
    loss("softmax for the multi-label hard loss", "binary_cross_entropy_with_logits(l",
         "cross_entropy(l"),

    # Gradients.
    loss("gradient into the soft loss's teacher",
         "    teacher_logits = teacher_logits.detach()\n", "", 7),
    loss("gradient into the multi-label teacher", "_log_yes_no(teacher_logits.detach()",
         "_log_yes_no(teacher_logits", 7),
    loss("gradient into the matched teacher", "precise(teacher_logits.detach()",
         "precise(teacher_logits", 7),
    loss("student cut off", PAIR,
         "kl_divergence(teacher_logits, student_logits.detach(), temperature)"),

    # Temperature.
    loss("soft teacher at T = 1", PAIR,
         "kl_divergence(teacher_logits * temperature, student_logits, temperature)"),
    loss("soft student at T = 1", PAIR,
         "kl_divergence(teacher_logits, student_logits * temperature, temperature)"),
    loss("multi-label teacher at T = 1", "teacher_logits.detach(), temperature",
         "teacher_logits.detach(), 1.0"),
    loss("multi-label student at T = 1", "_log_yes_no(student_logits, temperature",
         "_log_yes_no(student_logits, 1.0"),
    loss("logits times T", SHARED, ") * temperature).log_softmax(-1)"),
    loss("hard loss at T", "cross_entropy(logits, labels.long()",
         "cross_entropy(logits / self.temperature, labels.long()"),
    loss("multi-label hard loss at T", "logits(logits, labels",
         "logits(logits / self.temperature, labels"),

    # Probabilities and their logarithms.
    loss("probabilities for log-probabilities", "rounded(mean_kl(log_p, log_q)",
         "rounded(mean_kl(log_p, log_q.exp())", 2),
    loss("softmax of a softmax", SHARED,
         ") / temperature).softmax(-1).log_softmax(-1)", 18),
    loss("softmax over the batch", SHARED, ") / temperature).log_softmax(0)"),
    loss("softmax without the shift", SHARED,
         ") / temperature - (z / temperature).exp().sum(-1, keepdim=True).log())"),
    loss("p log p that underflows", ENTROPY, "-(log_p.exp() * log_p.exp().log())", 14),
    loss("KL of probabilities that underflow", KL,
         "(log_p.exp() * (log_p.exp() / log_q.exp()).log()).sum(-1).mean()", 14),
    loss("sigmoid that underflows", YES_NO,
         "z.sigmoid().log(), (1 - z.sigmoid()).log()], dim=-1)", 14),
    loss("sigmoid with a clamp", YES_NO,
         "z.sigmoid(), (-z).sigmoid()], dim=-1).clamp(1e-7, 1).log()", 15),
    loss("KL with an epsilon in the logarithm", KL,
         "(log_p.exp() * (log_p - (log_q.exp() + 1e-12).log())).sum(-1).mean()", 15),
    loss("KL with a clamp", KL,
         "(log_p.exp() * (log_p - log_q.clamp(min=-16))).sum(-1).mean()", 15),
    loss("only the yes of each label", YES_NO, "F.logsigmoid(z)], dim=-1)"),
    loss("entropy with the wrong sign", ENTROPY, ENTROPY[1:]),
    loss("KL in bits", "rounded(mean_kl(log_p, log_q)",
         "rounded(mean_kl(log_p, log_q) / math.log(2)"),
    loss("JS of mixed logits", MIXTURE, "((log_p + log_q) / 2).log_softmax(-1)"),
    loss("JS of an unhalved mixture", MIXTURE, "torch.logaddexp(log_p, log_q)"),
    loss("JS not halved", "mean_kl(log_q, log_m)) / 2", "mean_kl(log_q, log_m))"),
    loss("JS of one side", "+ mean_kl(log_q, log_m)) / 2", ")"),

    # Means and sums.
    loss("mean over the classes too", KL, KL.replace(".sum(-1)", ""), 3),
    loss("sum over the batch", KL, KL.replace("mean", "sum")),
    loss("multi-label loss summed over labels", "temperature**2 * mean",
         "temperature**2 * student_logits.shape[1] * mean"),
    loss("multi-label hard loss summed", "labels.to(logits.dtype)",
         "labels.to(logits.dtype), reduction='sum'"),
    loss("logit matching without centring", "d - d.mean(-1, keepdim=True)", "d"),
    loss("logit matching centred over the batch", "d.mean(-1, k", "d.mean(0, k"),
    loss("multi-label logit matching centred", "if not multilabel:", "if True:"),
    loss("logit matching without its half", "(8 if multilabel else 2)", "1"),
    loss("logit matching by the slope alone", "(8 if multi", "(4 if multi"),
    loss("logit matching summed over classes", "d.square()", "d.square().sum(-1)"),
    loss("logit matching of absolute values", "d.square()", "d.abs()"),

    # Precision.
    loss("half precision inside", FLOAT64, "half()"),
    loss("bfloat16 inside", FLOAT64, "bfloat16()"),
    loss("float32 inside", FLOAT64, "float()"),
    loss("float64 lost", "float64 if wide else torch.float32", "float32"),
    loss("half-precision result", "to(torch.float64 if wide else torch.float32)",
         "to(inputs[0].dtype)"),

    # Refusals.
    loss("NaN accepted", "bad := ~(precise(logits).abs() <= LARGEST)",
         "bad := precise(logits).abs() > LARGEST"),
    loss("infinity accepted", "~(precise(logits).abs() <= LARGEST)", "logits.isnan()"),
    loss("values read on a GPU", 'bad.device.type == "cpu" and', ""),
    loss("values read in a trace", "and not is_traced", ""),
    loss("values read under vmap", "suppress(RuntimeError)", "suppress(OSError)"),
    loss("labels out of range accepted", IN_RANGE, "labels != labels"),
    loss("NaN labels accepted", IN_RANGE, "(labels < 0) | (labels > most)"),
    loss("shapes that broadcast accepted", "shape != tuple(logits.shape)",
         "len(shape) != logits.dim()"),
    loss("labels that broadcast accepted", "labels.shape == shape",
         "labels.dim() == len(shape)"),
    loss("whole numbers for logits", " or not logits.is_floating_point():", ":"),
    loss("T of zero accepted", "temperature, LOWEST,", "temperature, 0,"),
    loss("T beyond float64 accepted", "LOWEST, HIGHEST, ", "LOWEST, float('inf'), "),
    loss("alpha above 1 accepted", "alpha, 0, 1,", "alpha, 0, 99,"),
    loss("True taken for 1", "or isinstance(x, bool) ", ""),
    loss("one class in silence", "student_logits.shape[-1] == 1", "False"),

    # Losses for three classes and more.
    many_class("scores by the variance", "z.std(", "z.var("),
    many_class("scores over the batch", "centred / (z.std(-1", "centred / (z.std(0"),
    many_class("scores of the teacher alone", "= _standardised(student_logits),",
               "= student_logits,"),
    many_class("cosine for correlation", "a - a.mean(-1, keepdim=True), b - b.mean(-1,",
               "a - 0 * a.mean(-1, keepdim=True), b - 0 * b.mean(-1,"),
    many_class("correlation of logits", "= log_q.exp(), log_p.detach().exp()",
               "= log_q, log_p.detach()"),
    many_class("gradient into the teacher of DIST", "log_p.detach().exp()",
               "log_p.exp()", 7),
    many_class("DIST without T²", "temperature**2 * (beta", "1 * (beta", 1),
    many_class("DIST over the classes twice", "(q.T, p.T)", "(q, p)"),
    many_class("weights of DIST swapped", "beta * inter.mean() + gamma",
               "gamma * inter.mean() + beta"),
    many_class("DIST of two examples", "if len(student_logits) < 3", "if False"),
    many_class("DKD without T²", "temperature**2 * (alpha", "1 * (alpha", 1),
    many_class("DKD swapped", "(others_p, others_q)", "(others_q, others_p)", 8),
    many_class("gradient into the teacher of DKD", "(log_p.detach(), labels)",
               "(log_p, labels)", 7),
    many_class("true class among the others", "torch.arange(1,", "torch.arange(0,"),
    many_class("others that do not sum to 1", "others.log_softmax(-1)", "others"),
    many_class("two classes accepted", "if student.shape[1] < 3:", "if False:"),

    # Words.
    text("only the start of a long review",
         "tokens[: max_tokens - tail] + tokens[len(tokens) - tail :]",
         "tokens[:max_tokens]"),
    text("a reviewer's <pad> is padding", 'del known["<pad>"]', "pass"),
    text("an empty review", "text or [UNKNOWN]", "text"),
    text("no piece where there is no text", " or nothing", ""),
    text("a reviewer's [SEP] is the end", "split_special_tokens=True",
         "split_special_tokens=False"),
    text("special tokens instead of a text", "max_tokens <= special",
         "max_tokens < special"),
    text("only the start of a long text of pieces",
         "first_and_last(pieces, max_tokens) or", "pieces[:max_tokens] or"),
    text("case kept", 'get_tokenizer("basic_english")', "str.split"),
    text("a Chinese sentence is one word",
         "_spaceless.sub(RULES[0][1], writable(text))", "writable(text)"),
    text("half a surrogate pair kept", '"utf-16-le", "replace"',
         '"utf-16-le", "surrogatepass"'),
    Mistake("splits.py", ("test_splits.py",), "unknown words in silence",
            "share > 0.5", "share > 1"),

    # Batches.
    batches("soft targets of other reviews", "soft[places]",
            "soft[: len(places)]", 9),
    batches("labels of other reviews", "labels[places]",
            "labels[: len(places)]", 9),
    batches("labels of the reviews before those selected",
            "None if labels is None else labels[kept]",
            "None if labels is None else labels[: len(kept)]", 9),
    batches("soft targets of the reviews before those selected",
            "None if soft is None else soft[kept]",
            "None if soft is None else soft[: len(kept)]", 9),
    batches("a short last batch left out", "range(0, len(part), batch_size)",
            "range(0, len(part) - batch_size + 1, batch_size)"),
    batches("every epoch in one order", "default_rng([seed, epoch])",
            "default_rng([seed])"),
    batches("every seed in one order", "default_rng([seed, epoch])",
            "default_rng([epoch])"),
    batches("batches from short to long", "in random.permutation(len(batches))",
            "in range(len(batches))"),
    batches("lengths mixed", 'part = part[np.argsort(lengths[part], kind="stable")]',
            "pass"),
    batches("reviews sorted by length all over", "random.permutation(len(self))",
            "np.argsort([len(review) for review in self.tokens])"),
    batches("padding before the text", "row[: len(review)] = review",
            "row[-len(review) :] = review", 11),
    batches("soft targets with a graph", "logits.detach().float()",
            "logits.float()", 7),

    # Models.
    pooling("padding in the mean", "x.masked_fill(padding, 0).sum(1)", "x.sum(1)", 11),
    pooling("padding counted in the mean", "sum(1) / lengths.unsqueeze(1)", "mean(1)",
            11),
    pooling("padding in the maximum", 'x.masked_fill(padding, float("-inf")).amax(1)',
            "x.amax(1)", 11),
    pooling("padding as zeros in the maximum", 'float("-inf")', "0", 11),
    pooling("backwards from the padding",
            "torch.where(place <= last, last - place, place)",
            "(x.shape[1] - 1 - place).expand(len(x), -1)", 11),
    pooling("the last word taken for padding", ">= lengths.unsqueeze(1)",
            ">= lengths.unsqueeze(1) - 1", 11),
    recurrent("backwards left reversed", "append(reverse_within_length(back, lengths))",
              "append(back)"),
    recurrent("both directions forwards", "(reverse_within_length(x, lengths))", "(x)"),
    recurrent("the second layer reads backwards alone", "torch.cat(states, dim=-1)",
              "torch.cat(states[-1:] * len(states), dim=-1)"),
    recurrent("padding that learns", "embedding_size, PADDING)", "embedding_size)", 11),
    recurrent("dropout that never stops", "x = self.dropout(x)",
              "x = nn.functional.dropout(x, self.dropout.p)", 6),
    textcnn("filters that answer to padding alone", "masked_max(answers, touching)",
            "answers.amax(1)", 11),
    textcnn("filters that stop at the last word", "lengths + width - 1", "lengths", 11),
    textcnn("filters that go one place too far", "lengths + width - 1",
            "lengths + width", 11),
    textcnn("words behind the end", "x = x.masked_fill(", "x.masked_fill(", 11),
    embeddings("one scale for all rows", "per_row=weight.shape[1] > 1",
               "per_row=False"),
    embeddings("the model itself quantised", "deepcopy(model).eval()", "model.eval()"),
    embeddings("a factorised padding row", "rank, PADDING)", "rank)", 11),
    Mistake("models/rounding.py", ("test_models_embeddings.py",),
            "a scale that is cut off", "scales.float()).round()",
            "scales.float()).trunc()"),
    Mistake("models/rounding.py", ("test_models_embeddings.py",),
            "scales below float16", ".clamp(min=limits.tiny)", ""),
    rounding("codes from -2^(bits-1)", "most = 2 ** (bits - 1) - 1",
             "most = 2 ** (bits - 1)"),
    rounding("rounding with its true slope",
             "(weight - weight.detach())", "0 * weight"),
    rounding("codes without their sign", "torch.where(low >= 2 ** (bits - 1), "
             "low - 2**bits, low)", "low"),
    compress("pruned numbers that come back", "return weight * self.mask",
             "return weight"),
    compress("the largest numbers pruned", ".abs().flatten().argsort(",
             ".flatten().argsort("),
    compress("rounded twice on the way to the file",
             "weight = before.weight.original", "weight = table.weight * 0.9"),
    model_sizes("frozen numbers left out", "in model.parameters())",
                "in model.parameters() if p.requires_grad)"),
    model_sizes("a file of 32 bits a number", "dtype=w.dtype)", "dtype=torch.float32)"),
    bert("BERT reads padding", "(~padding).long()", "torch.ones_like(tokens)", 11),
    bert("padding by another model's number", "masked_fill(padding, number)",
         "masked_fill(padding, PADDING)", 11),
    bert("a model that mixes padding in", "> 1e-3 *", "> 1e9 *", 11),
    bert("GPT-2 read at its last column",
         'last_token(out.last_hidden_state, inputs["attention_mask"])',
         "out.last_hidden_state[:, -1]", 11),
    bert("dropout in frozen layers", "self.bert.base_model.eval()", "pass", 6),
    bert("dropout in frozen features", "self.encoder.eval()", "pass", 6),
    bert("the first layers trained instead of the last", "[-count:]", "[:count]"),
    bert("an encoder that is not frozen", "self.bert.base_model.requires_grad_(False)",
         "pass", 7),
    Mistake("models/pretrained.py", ("test_models_bert.py",), "sizes from the weights",
            'type == "meta"', 'type == "none"'),
    Mistake("models/finding.py", ("test_models_pretrained.py",),
            "a large BERT on a laptop", 'current_scale().name == "full"', "True"),
    pretrained("an encoder with holes", "    if lost:", "    if False:"),
    pretrained("RoBERTa's positions from 0", "0 if start is None else start + 1", "0"),
    pretrained("a tokenizer that knows no word", "    if not read:", "    if False:"),
    layers("layers copied in the order of the teacher",
           "for number in layers]", "for number in sorted(layers)]"),
    layers("layers shared with the teacher", "deepcopy(teacher).requires_grad_(True)",
           "__import__('copy').copy(teacher).requires_grad_(True)", 7),
    layers("the first layers whatever was asked", "stack[number]",
           "stack[layers.index(number)]"),
    layers("a student as frozen as its teacher", ".requires_grad_(True)", ""),
    layers("a configuration of the teacher's depth",
           "student.bert.config.num_hidden_layers = len(layers)", "pass"),
    layers("evenly, cut instead of rounded", "round(place * gap)", "int(place * gap)"),
    layers("a start that shares the teacher's memory", "ours[name].copy_(theirs[name])",
           "student.get_parameter(name).data = theirs[name]", 7),
    layers("a part that is not there is passed over", "if not inside:", "if False:"),
    layers("layer 1 stands for layer 10 as well",
           'f"{name}.".startswith(part and f"{part}.")', "name.startswith(part)"),
    onnx("a student in eval mode after its export", "deepcopy(model)", "model", 17),
    onnx("reviews of one length", '1: "tokens"', ""),

    # Soft targets.
    soft_targets("teacher in train mode", "    model.eval()\n", "", 6),
    soft_targets("rows in reading order", "rows[part.index, : given",
                 "rows[: len(part.index), : given", 9),
    soft_targets("student left in eval mode", "module.training = was_training",
                 "pass", 17),
    soft_targets("teacher put into train mode", "module.training = was_training",
                 "module.training = True", 6),
    soft_targets("a frozen part put into train mode", "module.training = was_training",
                 "module.training = modes[0][1]"),
    soft_targets("gradients into the teacher", "torch.inference_mode()",
                 "torch.enable_grad()", 7),
    target_files("rows paired by place", "self.logits[order[places]]",
                 "self.logits[: len(wanted)]", 9),
    target_files("texts looked up in the wrong order", "order[places]", "places"),
    target_files("labels paired by place", "[:, columns]", "[:, : len(columns)]"),
    target_files("an unknown text takes its neighbour's row", "if len(absent):",
                 "if False:"),
    asked_once("an overflow kept as infinity", "if not largest <= LARGEST:",
                 "if False:"),
    asked_once("a renamed file taken",
                 'said.teacher.get("key") != key or not torch.equal(said.texts, keys)',
                 "False"),
    target_files("a digest of words in any order", "sorted(tokenizer.get_vocab()",
                 "list(tokenizer.get_vocab()"),
    target_files("a digest of the tokenizer's last call",
                 'del rules["truncation"], rules["padding"]', "pass"),
    target_files("a tokenizer's rules left out", "if tokenizer.is_fast:", "if False:"),
    target_files("two answers for one text", "if off.any():", "if False:"),
    asked_once("two runs ask at once",
                 'stack.enter_context(FileLock(f"{path}.lock"))', "pass"),
    asked_once("weights left out of the key",
                 '"weights": digest(teacher.state_dict())',
                 '"weights": ""'),
    asked_once("the tokenizer left out of the key", '"tokenizer": tokenizer',
                 '"tokenizer": ""'),
    asked_once("the length left out of the key", '"max_tokens": max_tokens',
                 '"max_tokens": 0'),

    # Training.
    steps("head not trained", "in learner.parameters() if p.requires_grad]",
             "in list(learner.parameters())[:-2]]"),
    Mistake("training/loop.py",
            ("test_objectives.py::"
             "test_what_an_objective_owns_is_learnt_along_with_the_model",),
            "a projection that is not trained",
            "in learner.parameters() if p.requires_grad]",
            "in model.parameters() if p.requires_grad]", 10),
    objective("token-wise: the model is not asked", "asked = dict.fromkeys("
              "self.objective.asks, True)", "asked = {}"),
    best_epoch("epoch chosen on the training reviews",
             "self.objective.scores(logits, validation)",
             "self.objective.scores(predict_logits(self.model, self.examples), "
             "self.examples)", 12),
    best_epoch("best weights forgotten",
             "        self.run.take_the_best()\n",
             ""),
    mode("student in eval mode", "self.model.train()  # validation", "pass  #", 17),
    taught("student taught by itself", "(given, batch.soft_targets, batch.labels)",
             "(given, given.detach(), batch.labels)", 8),
    steps("gradients pile up",
             "        self.optimizer.zero_grad()\n        loss = ", "        loss = "),
    steps("no clipping", "clip_grad_norm_(self.trainable, 1.0)",
             "clip_grad_norm_(self.trainable, 1e9)"),
    steps("no decay", "            self.schedule.step()\n", "            pass\n"),
    steps("every epoch the same batches", "steps.order(run.epoch)", "steps.order(0)"),
    seeds("dropout unseeded", "torch.manual_seed(self.", "torch.seed() or (self."),
    label_kind("softmax on many labels", "if labels.dim() == 1:", "if True:", 4),
    no_number("NaN goes on", "if loss <= gradient and loss <= last:", "if False:"),
    no_gradient("NaN in the last gradient kept", "if gradient <= last:", "if False:"),
    no_weight("weights that overflow in the last step kept",
              "if name := self.run.bad_weight():", "if False:"),
    resumed("another dropout after a stop",
            "seed_at(self.run.step, ", "seed_at(torch.seed(), "),
    resumed("the epoch begun anew after a stop", "[run.batch :]", ""),
    not_kept("a checkpoint of weights that are no numbers",
             "                        self.look()\n"
             "                        self.save_if_old()\n",
             "                        self.save_if_old()\n"
             "                        self.look()\n"),

    # What a run holds.
    run("last epoch kept", "score(epoch.number) > score(self.best)", "True", 12,
        tests=BEST),
    run("best weights that move on", "w.detach().clone()", "w.detach()", tests=BEST),
    run("mean of batch means", "loss.double() * reviews", "loss.double()", 16,
        tests=MEAN_LOSS),
    run("moments of the optimizer forgotten", '{"state": slots, ', '{"state": {}, '),
    run("schedule begun anew", "self.schedule.load_state_dict", "dict"),
    run("history forgotten", "[Epoch(**epoch) for epoch in history[\"epochs\"]]", "[]"),
    run("loss of the epoch forgotten", "self.loss_sum.copy_(tensors[\"loss_sum\"])",
        "pass"),
    run("best weights forgotten by a checkpoint",
        "self.best = {name: w.to(device) for name, w in parts[\"best\"].items()}",
        "self.best = copy_weights(self.model)"),

    # Checkpoints.
    Mistake("files.py", KILLED, "written in place", "unfinished = beside(place)\n",
            "unfinished = place\n"),
    in_files(DAMAGED, "damage not noticed", 'if header.get("digest") != digest(',
             "if False and digest("),
    saved(FOREIGN, "another run's checkpoint taken", "if there != here:", "if False:"),
    Mistake("locks.py", TWICE, "two runs at once", "timeout=0",
            "timeout=0, is_singleton=True"),

    # Word vectors, and reviews without labels.
    words("neighbours across two texts", "full(WINDOW, UNKNOWN", "full(0, UNKNOWN"),
    words("unknown words counted", "(left > UNKNOWN)", "(left >= UNKNOWN)"),
    words("the right neighbour only", "return total + total.T", "return total"),
    words("far neighbours count as much", "1 / distance", "1.0"),
    words("rare contexts not smoothed", "word**SMOOTHING", "word * 1.0"),
    words("negative information kept", "information > 0", "information > -99"),
    words("all directions alike", "vectors = u * np.sqrt(s)", "vectors = u"),
    words("equal directions as they come", "turned(u, s)[:, :size]", "u[:, :size]"),
    words("padding has a vector", "vectors[~known] = 0", "vectors[~known] = 1"),
    Mistake("splits.py", ("test_word_vectors.py",), "words learnt from test reviews",
            '("train", "unlabelled")', '("train", "unlabelled", "test")', 13),
    Mistake("distill.py", UNLABELLED, "zeros for the labels of unlabelled reviews",
            "    return splits.readable\n",
            "    return replace(splits.readable, labels=splits.train.truth.new_zeros("
            "len(splits.readable), *splits.train.truth.shape[1:]))\n"),

    # What an experiment keeps, and finds again.
    kept("yesterday's setting found today", '"depends": depends,', ""),
    kept("other reviews' logits found", '"data": self.data,', ""),
    kept("one answer for two splits",
         '{**self.about, "read": digest(examples.tensors())}', "self.about"),
    Mistake("training/runs.py", ("test_experiment.py",),
            "another temperature's logits found",
            '"objective": " ".join(repr(objective).split()),', ""),
    Mistake("training/writing.py", ("test_sequences.py",),
            "a run with another teacher gone on with",
            ' | teacher | {"most": torch.tensor(self.most)}', ""),
    Mistake("training/loop.py",
            ("test_objectives.py::"
             "test_it_takes_the_steps_of_a_loop_over_both_written_out",),
            "the model clipped without its objective",
            "clip_grad_norm_(self.trainable, 1.0)",
            "clip_grad_norm_(list(self.model.parameters()), 1.0)"),

    # Thresholds, and what a model sees for each label.
    cuts("the cut at the last review taken", "(z[best] + below[best]) / 2", "z[best]"),
    cuts("equal logits told apart", "scores[z == below] = -1", "pass"),
    cuts("accuracy instead of F1", "said + labels.sum()", "said + 0 * labels.sum()"),
    cuts("a label without examples passed over", "if missing := ", "if False and "),
    cuts("0 and 1 taken for thresholds", "(cuts > 0) & (cuts < 1)",
        "(cuts >= 0) & (cuts <= 1)"),
    cuts("shifted the wrong way", "logits - np.log(", "logits + np.log("),
    labelwise("attention to padding", ".masked_fill(padding, -torch.inf)", ""),
    labelwise("a table that starts at random", "nn.init.zeros_", "nn.init.normal_"),
    labelwise("longer texts, larger logits", "self.words(tokens) / size",
              "self.words(tokens)"),
    labelwise("padding counts as a word", ", padding_idx=PADDING\n", "\n"),
    labelwise("attention over labels", "scores.softmax(1)", "scores.softmax(2)"),
    labelwise("one embedding for all labels",
        "(batch, tokens, labels), over the tokens",
        "\n        attention = attention.mean(2, keepdim=True).expand_as(attention)"),
    seen("each pair twice", "pairs.triu(diagonal=1)", "pairs"),
    seen("absent labels compared", "has = labels > 0", "has = labels >= 0"),
    seen("width matters", "(distances.sum() / pairs.sum().clamp(min=1)).clamp(",
        "torch.ones(()).clamp("),
    seen("a root of zero", "apart + 1e-12", "apart"),
    seen("the teacher learns", "teacher.detach()", "teacher"),
    # What a teacher has inside.
    hidden("blanks are imitated", "values.masked_fill(~real, 0).sum() / real.sum()",
           "values.mean()"),
    hidden("words look at blanks", "columns = ~real[:, None, None, :]",
           "columns = torch.zeros_like(real)[:, None, None, :]"),
    hidden("relations that grow with the width", " / (width // heads) ** 0.5", ""),
    inside("projections that the optimizer does not see",
           "nn.ModuleList(", "list(", 10),
    inside("a frozen projection's row found for a trained one",
           "'' if moved else ', frozen projections'", "''"),
    looks("attention that dropout has torn", "if drops_attention(student)", "if False"),
    looks("heads that do not pair up", "if own != other", "if False"),
    looks("the logarithm of no attention", "student.clamp(min=least).log()",
          "student.log()"),
    Mistake("models/bert.py", ("test_attention.py",),
            "attention that is not written down",
            'self.bert.set_attn_implementation("eager")', "pass"),
    Mistake("training/inside.py", ("test_hidden_states.py",), "a teacher with dropout",
            "return super().train(False)", "return super().train(mode)"),
    Mistake("training/inside.py", ("test_hidden_states.py",),
            "a teacher that remembers blanks as words", "layer[i, :n].clone()",
            "layer[i].clone()"),
    # Texts longer than their model.
    cut_up("what is left at the end is lost", "1 + (beyond + stride - 1) // stride",
           "1 + beyond // stride"),
    cut_up("a segment of what the one before has",
           "left.masked_fill(place >= counts[:, None], 0)", "left"),
    in_segments("attention to segments that are not there",
                'scores.masked_fill(~real, float("-inf"))', "scores"),
    in_segments("a softmax over one number", 'float("-inf")).softmax(1)',
                'float("-inf"))[..., None].softmax(-1)[..., 0]'),
    in_segments("a mean over the longest text's segments",
                "real.sum(1, keepdim=True)", "real.shape[1]"),
    Mistake("training/objectives.py", ("test_training_errors.py",),
            "a loss for the other kind of labels",
            "if reads_many != multilabel:", "if False:"),
    # Texts that change, and what is left.
    broken("a typo at a word's end", "range(1, len(word) - 2)",
           "range(1, len(word) - 1)"),
    broken("typos that a higher rate does not keep",
           "hit, i = draw.chance(rate), draw.pick(places)",
           "hit = draw.chance(rate); i = draw.pick(places) if hit else 0"),
    broken("what is denied twice", "None if TURNS.search(text) else SAID_OF",
           "SAID_OF"),
    broken("two names become one", "order[1:] + order[:1]", "order[1:] + order[1:2]"),
    left("a lead over half, whatever the classes", "guess = 1 / classes",
         "guess = 1 / 2"),
    left("ties that the file's order decides",
         "(np.bincount(group, wrong[order]) / size)[group]", "wrong[order]"),
    left("the least sure first", "order = np.argsort(-scores",
         "order = np.argsort(scores"),
    Mistake("calibration.py", ("test_robustness.py",), "doubts that cancel",
            "abs(said[rows].mean() - true[rows].mean())",
            "(said[rows].mean() - true[rows].mean())"),
    Mistake("reviews/synthetic/sentences.py", ("test_reviews_corruptions.py",),
            "a topic that is only named", "says = (topics >= 0) & (p[:, 0] != 0.5)",
            "says = topics >= 0"),
    Mistake("splits.py", ("test_distill.py::test_labels_that_never_occur_are_named",),
            "a label that never occurs not mentioned", "never.append(",
            "str("),

    # Metrics.
    metrics("logits cut at one half", "said = logits > 0", "said = logits > 0.5", 5),
    metrics("F1 of a label never said counted as 1",
            "np.zeros_like(hits), where=counts", "np.ones_like(hits), where=counts"),
    metrics("labels that never occur counted",
            "(logits[:, present], labels[:, present])", "(logits, labels)"),
    Mistake("intervals.py", ("test_metrics.py",),
            "draws without a positive counted as zero", "not labels[rows].any()",
            "not labels.any()"),
    metrics("90 % for 95 %", "[0.025, 0.975]", "[0.05, 0.95]"),
    metrics("models on other reviews each", "counted(values, labels, counts) for",
            "counted(values, labels, np.random.permutation(counts.T).T) for"),
    metrics("reviews with one logit that do not share a place",
            'searchsorted(all_logits, logit, side="right") - 1',
            'searchsorted(all_logits, logit, side="left")'),
    metrics("a review drawn twice that counts once", "times = counts[:, true]",
            "times = counts[:, true].clip(max=1)"),
    metrics("cross-entropy that overflows", "logits.astype(np.float64) - logits.max(1,",
            "logits.astype(np.float64) - 0 * logits.max(1,"),

    # Intervals and differences.
    sure("1.96 for t", "float(stdtrit(freedom, 0.975))", "1.96"),
    sure("the seeds' luck left out", "np.var(values, ddof=1)",
         "0 * np.var(values, ddof=1)"),
    sure("the examples' luck left out", "np.var(draws, ddof=1)",
         "0 * np.var(draws, ddof=1)"),
    sure("the spread of seeds for that of their mean",
         "float(np.var(values, ddof=1)) / runs", "float(np.var(values, ddof=1))"),
    sure("seeds' degrees of freedom for all", "freedom, error = 1 / doubt,",
         "freedom, error = max(runs - 1, 1),"),
    sure("p of one side", "p = 2 * float(", "p = float("),
    sure("films divided", "np.concatenate([members[group] for group in picked])",
         "random.integers(len(labels), size=len(labels))"),
    sure("Holm's adjusted p values out of order", "max(highest, min(1.0,",
         "max(0.0, min(1.0,"),
    sure("Bonferroni for Holm", "times = len(p_values) - place",
         "times = len(p_values)"),
    sure("worse called better", "return BETTER if", "return BETTER if True or"),
    compared("differences not paired", "draws[one][headline] - draws[other][headline]",
             "draws[one][headline] - np.random.permutation(draws[other][headline])"),
    compared("other reviews in each run", "seed=0,  # the same",
             "seed=np.random.randint(99),  # not the same"),
    compared("groups ignored", "            groups=groups,\n        )\n        for run",
             "            groups=None,\n        )\n        for run"),
    compared("films of other labels grouped", 'if reviews.name == "imdb-genres"',
             "if reviews.films"),

    # Leaks.
    leaks("texts of the test split trained on", "elif text in text_owner:",
          "elif False:", 13),
    leaks("films of the test split trained on", "elif film and film in film_owner:",
          "elif False:", 13),
    leaks("texts compared to the letter", '" ".join(text.lower().split())', "text", 13),

    # Exercises: what is right, and which hint is said.
    exercise("a count taken for a measure", 'exact = theirs.dtype.kind in "biu"',
             "exact = False"),
    exercise("only the first of several slips known",
             "isinstance(slip, tuple) else (slip,)",
             "False else (slip[:1] if isinstance(slip, tuple) else (slip,))"),
    exercise("a hint for every shape but the wrong one", "found = not same_shape",
             "found = same_shape"),
    exercise("the reader's changes reach the check's own data",
             "copy.deepcopy(x) if isinstance(x, data) else x", "x"),
    exercise("any error taken for the refusal that was asked for",
             "isinstance(error, ValueError) and naming in str(error)", "True"),
    exercise("a formula may be asked of autograd outside of inference mode",
             "if forward_mode or torch.is_grad_enabled()", "if forward_mode"),
    older("an older bootstrap over few seeds is taken as it is",
          "min(low, by_t[0]), max(high, by_t[1])", "low, high"),
    older("the p of few seeds forgets the luck of the reviews",
          "p = max(p, 2 * float(", "p = min(p, 2 * float("),

    # Committees: what the exercises take for right.
    jury("a draw is a victory", "truth = float(more + tie / 2)",
         "truth = float(more + tie)"),
    jury("a sum of weights other than 1 is not taken as it is",
         "@ weights  # (texts,)", "@ weights / weights.sum()"),
    jury("twins who hear different noise",
         "0.98 * shared + 0.2 * noise[:, :twins]", "noise[:, :twins]"),
    jury("any two members will do", "_WITHIN = 0.012", "_WITHIN = 0.2"),
    jury("a member may sit there twice", "0 <= one < other < members",
         "0 <= one <= other < members"),

    # Controls: soft targets from which one thing was taken, and nothing else.
    controls("answers go round among all classes",
             "is None else labels\n", "is None else labels * 0\n", 9),
    controls("answers go round in the order of the file",
             "rows[torch.randperm(len(rows), generator=random)]", "rows"),
    controls("an example may keep its answer",
             "giver[dance] = dance.roll(1)",
             "giver[rows] = dance"),
    controls("the uniform share gives the label nothing",
             "(1 - sure) * classes / (classes - 1)", "1 - sure"),
    controls("as sure as the teacher is of its verdict",
             "soft.gather(1, labels[:, None]).mean()", "soft.amax(1).mean()"),
    controls("means of all classes at once",
             "return means[labels]", "return means.mean(0).expand_as(soft)"),
    controls("the highest goes to any class",
             "order + F.one_hot(labels, soft.shape[1])", "order"),
    controls("logits of another temperature",
             "return temperature * soft", "return soft"),
    kinds("an answer of any class will do", "labels[text] == labels[giver],", "True,"),
    kinds("an answer may be given twice", "len(set(rows)) == len(rows)", "rows"),
    kinds("half of the verdicts will do", "_RIGHT = 24, 22", "_RIGHT = 24, 12"),

    # Generations: who hears whom, and what the exercises take for right.
    lines("a generation hears the labels alone",
          "targets = alpha * (matrix @ weights) + (1 - alpha) * y", "targets = y"),
    lines("alpha is the weight of the labels",
          "targets = alpha * (matrix @ weights) + (1 - alpha) * y",
          "targets = (1 - alpha) * (matrix @ weights) + alpha * y"),
    lines("the first generation is counted as the second",
          "(alpha * first) ** generation *", "(alpha * first) ** (generation + 1) *"),
    lines("in the end, alpha shrinks the labels and no teacher speaks",
          "shares: Floats = (1 - alpha) * d / ((1 - alpha) * d + ridge)",
          "shares: Floats = (1 - alpha) * d / (d + ridge)"),
    heirs("any generation will do", "_CURVES, _WITHIN = 8, 1.25",
          "_CURVES, _WITHIN = 8, 50.0"),

    # Taggers: what must not count does not, and a name is all of it.
    tokens("blanks in the mean over tokens (optipfair #34, Liger-Kernel #974)",
           "return values.masked_fill(~counted, 0).sum() / counted.sum()",
           "return values.masked_fill(~counted, 0).mean()"),
    tokens("zero times no number",
           "return logits.masked_fill(~counted.unsqueeze(-1), 0)",
           "return logits * counted.unsqueeze(-1)"),
    tokens("T² left out for tokens", "loss = temperature**2 * _mean(apart, counted)",
           "loss = _mean(apart, counted)"),
    tagged("every piece of a word answers",
           "return [word is not None and word != last for word, last in pairs]",
           "return [word is not None for word, last in pairs]"),
    tagged("a batch's labels are cut as wide as the split",
           "labels=None if labels is None else labels[:, :width],", "labels=labels,"),
    names("an I- goes on with another kind",
          'found[-1][::2] == (kind, place)', "found[-1][2] == place"),
    names("a kind and a beginning make a name", "len(found & there)",
          "len({s[:2] for s in found} & {s[:2] for s in there})"),
    Mistake("reviews/tagged.py", ("test_spans.py",), "a name without B- is passed over",
            'if letter == "I" and not goes_on and not older:', "if False:"),

    # Summaries: what counts once, what is padding, and what no split may share.
    Mistake("rouge.py", ("test_rouge.py",), "recall is reported for F1",
            "shared / wanted, 2 * shared / (said + wanted))",
            "shared / wanted, shared / wanted)"),
    Mistake("summaries.py", ("test_summaries.py",),
            "the oracle goes on where no sentence helps",
            "if highest <= best:", "if highest < 0:"),
    Mistake("models/summariser.py", ("test_models_summariser.py",),
            "padding enters the last sentence's mean",
            "x * there.unsqueeze(-1)", "x"),
    Mistake("reviews/made_news/__init__.py", ("test_reviews_stories.py",),
            "places of the test are in the training stories",
            "places[low:high]", "places"),
    # Sequences: one shift, an end, all words to draw from, and no blanks in between.
    Mistake("sequences.py", ("test_sequences.py",), "labels shifted twice",
            "labels[i, len(prompt) - 1 : len(row) - 1] = "
            "torch.tensor(row[len(prompt) :])",
            "labels[i, len(prompt) - 1 : len(row) - 2] = torch.tensor("
            "row[len(prompt) + 1 :])"),
    Mistake("models/writers.py", ("test_sequences.py",),
            "only the fifty likeliest words are drawn",
            '= {"top_k": 0, "top_p": 1.0} if sample else {}', "= {}"),
    Mistake("models/writers.py", ("test_sequences.py",),
            "blanks before a prompt are read",
            "attention_mask=mask.to(device)",
            "attention_mask=torch.ones_like(mask).to(device)"),
    Mistake("losses/tokens.py", ("test_sequences.py",),
            "beta's two weights changed places",
            "_kl(log_p, log_m) / (1 - beta) + _kl(log_q, log_m) / beta",
            "_kl(log_p, log_m) / beta + _kl(log_q, log_m) / (1 - beta)"),

    # Labels that nobody knows.
    Mistake("reviews/table.py", ("test_reviews_table.py",),
            "labels in the unlabelled split taken",
            'self.split == "unlabelled" and self.labels is not None', "False"),
    Mistake("reviews/table.py", ("test_reviews_table.py",),
            "a split without labels answers that it has one each",
            "return self.require_labels().ndim == 2",
            "return self.labels is not None and self.labels.ndim == 2"),
    Mistake("reviews/own/labels.py", ("test_reviews_own_cells.py",),
            "zeros for labels that are not given",
            "given = [names for row in rows if (names := self.rows[row]) is not None]",
            "given = [self.rows[row] or list(self.names[:1]) for row in rows]"),
    ngrams(
        "a place speaks for every n-gram that leads there",
        "known = (self.marks[places] == marks) & whole",
        "known = whole",
    ),
    ngrams(
        "an n-gram reaches into the padding",
        "known = (self.marks[places] == marks) & whole",
        "known = self.marks[places] == marks",
    ),
    ngrams(
        "the order of words is lost",
        "(names[-1][:, :-1] * FACTOR + tokens[:, n - 1 :]) % PRIME",
        "(names[-1][:, :-1] + tokens[:, n - 1 :]) % PRIME",
    ),
    ngrams(
        "the rarest n-gram keeps the place",
        "np.argsort(-texts_with, kind=\"stable\")",
        "np.argsort(texts_with, kind=\"stable\")",
    ),
    ngrams(
        "a text counts as often as it repeats an n-gram",
        "found.append(np.unique(names.numpy()).astype(np.int32))",
        "found.append(names.numpy().ravel().astype(np.int32))",
    ),
    ngrams(
        "the tail of a long text is off by one",
        "(places >= most - most // 2)",
        "(places > most - most // 2)",
    ),

    # Which token has seen the text, and at which place each stands.
    pooled("the last token is where a text would end without blanks before it",
           "last = (places * real).argmax(1)", "last = real.sum(1) - 1"),
    pooled("the first token for the last",
           "last = (places * real).argmax(1)", "last = real.long().argmax(1)"),
    pooled("places are counted from 1",
           "return (real.cumsum(1) - 1) * real", "return real.cumsum(1) * real"),
    Mistake("models/bert.py", ("test_models_bert.py",),
            "a GPT is read as a BERT is, at its first token",
            'last = last_token(out.last_hidden_state, inputs["attention_mask"])',
            "last = out.last_hidden_state[:, 0]"),
]

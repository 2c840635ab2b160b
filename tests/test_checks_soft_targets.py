from exercises import exercise_tests

from course_lib import losses
from course_lib.checks import soft_targets as check

kl = losses.kl_divergence


def by_logarithm_of_p(s, t, T):
    p = (t.detach() / T).softmax(-1)
    return T**2 * (p * (p.log() - (s / T).log_softmax(-1))).sum(-1).mean()


def soft_loss(s, t, T):
    t = t.detach()
    log_p, log_q = (t / T).log_softmax(-1), (s / T).log_softmax(-1)
    return T**2 * (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def alpha_without(alpha, T):
    soft = alpha * T**2
    return soft / (soft + 1 - alpha)


def mended(s, T, softened):
    return s * T if softened == "teacher" else s / T


ANSWERS = {
    "soft_target_loss": [soft_loss, losses.soft_target_loss],
    "alpha_without": [
        alpha_without,
        lambda a, T: 0.0 if a == 0 else 1 / (1 + (1 - a) / (a * T**2)),
    ],
    "mended": [mended],
}

WRONG = {
    "soft_target_loss": [
        (by_logarithm_of_p, "0 · log 0"),
        (lambda s, t, T: kl(t, s, T), "T² is missing"),
        (lambda s, t, T: T * kl(t, s, T), "expected is T²"),
        (lambda s, t, T: T**2 * kl(t / T, s), "Only the teacher"),
        (lambda s, t, T: T**2 * kl(t, s / T), "Only the student"),
        (lambda s, t, T: T**2 * kl(t, s), "Neither side"),
        (lambda s, t, T: T**2 * kl(s, t, T), "KL(student‖teacher)"),
        (lambda s, t, T: 2 * soft_loss(s, t, T), "sum over the batch"),
        (lambda s, t, T: soft_loss(s, t, T) / 3, "mean over the classes"),
        (lambda s, t, T: T**2 * losses.cross_entropy(t, s, T), "entropy"),
        (lambda s, t, T: 0.3 * soft_loss(s, t, T), "T = 4"),
        (lambda s, t, T: T**2 * kl(t, s, T), "the teacher gets gradient"),
        (lambda s, t, T: soft_loss(s.detach(), t, T), "no gradient flows"),
        (lambda s, t, T: soft_loss(s, t, T).item(), "no gradient flows"),
        (lambda s, t, T: T**2 * kl(t, s.detach(), T), "the student gets no"),
    ],
    "alpha_without": [
        (lambda a, T: a * T**2, "sum of both"),
        (lambda a, T: a / (a + (1 - a) * T**2), "left out"),
        (lambda a, T: alpha_without(a, T**0.5), "missing is T²"),
        (lambda a, T: a, "came in"),
        (lambda a, T: 1.0, "alpha = 0.5, T = 4"),
    ],
    "mended": [
        (lambda s, T, softened: s / T, "too timid"),
        (lambda s, T, softened: s * T, "too sure"),
        (lambda s, T, softened: s, "came in"),
        (lambda s, T, softened: mended(mended(s, T, softened), T, softened), "twice"),
        (lambda s, T, softened: mended(s, T, softened).softmax(-1), "probabilities"),
        (lambda s, T, softened: s + T, 'softened = "teacher"'),
    ],
}


test_an_answer_is_solved, test_a_slip_is_told = exercise_tests(check, ANSWERS, WRONG)

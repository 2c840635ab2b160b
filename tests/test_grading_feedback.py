"""A student's page: what tests gave, what a person gave, and nothing that runs."""

from coursework.assignment import Assignment
from coursework.feedback import page
from coursework.submissions import Submission

OURS = Assignment(
    "softmax", {}, {}, read={"why": 3.0, "q1 (written)": 2.0, "more": float("inf")}
)
ADA = Submission("Ada", "1", "ada.ipynb")
ANSWER = [{"source": "Because of <script>", "pictures": []}]
GRADE = {
    "points": {"q1": 1.0},
    "possible": {"q1": 2.0},
    "cases": {"q1": [{"name": "sums", "passed": True, "hidden": True}]},
    "notes": ["cell 3: <b>"],
    "written": {"why": ANSWER, "q1": ANSWER, "more": []},
}


def lines(html):
    return " ".join(html.split())


def test_without_marks_it_says_what_a_person_will_read():
    html = lines(page(OURS, ADA, GRADE, {}))
    assert "1 of 2 points</strong> from tests; answers read by a person: 3." in html
    assert "in all" not in html
    assert "<h2>why: read by a person</h2>" in html


def test_marks_stand_beside_their_questions_and_count():
    filled = {"why": "1,5", "q1 (written)": "2", "more": "1", "by_hand": "-0.5"}
    html = lines(page(OURS, ADA, GRADE, filled))
    assert "1 of 2 points</strong> from tests, 5 of 7 in all." in html
    assert "<h2>why: 1.5 of 3, read by a person</h2>" in html
    assert "<h2>q1: 2 of 2, read by a person</h2>" in html
    assert "<h2>more: 1, read by a person</h2>" in html
    assert "Beside the questions: -0.5." in html


def test_what_came_from_a_student_is_text():
    html = page(OURS, ADA, GRADE, {})
    assert "<script>" not in html and "<b>" not in html
    assert "&lt;script&gt;" in html

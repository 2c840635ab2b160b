"""Stories, made and read."""

import pandas as pd
import pytest

from course_lib.reviews.made_news import SHARES, made_stories, written_stories
from course_lib.reviews.made_news.topics import FILLERS, TOPICS
from course_lib.reviews.stories import Story, read_stories, story_from

STORY = """The mill burned down.

Two men were hurt.

@highlight

Fire at a mill

@highlight

two hurt
"""


def places_in(story):
    words = {w.strip('.,:;"').removesuffix("'s") for w in story.text.split()}
    starts = ("Vel", "Tarn", "Quill", "Osk", "Brev", "Mirr", "Dool", "Ferr", "Gant")
    return {w for w in words if w.startswith(starts) and w[-1].islower() and len(w) > 5}


def test_no_place_of_one_split_is_in_another():
    found = {
        split: set().union(*map(places_in, made_stories(150, split=split)))
        for split in SHARES
    }
    assert all(found.values())
    assert not found["train"] & found["test"]
    assert not found["train"] & found["validation"]
    assert not found["validation"] & found["test"]


def test_some_wordings_are_the_tests_alone():
    """The last of each list; they are looked for by words that no other has."""
    unseen = ["were unearthed", "burned to the ground", "shuts."]
    texts = {s: " ".join(x.text for x in made_stories(300, split=s)) for s in SHARES}
    assert "unearthed" in texts["test"] and "to the ground" in texts["test"]
    for words in unseen[:2]:
        assert words not in texts["train"] and words not in texts["validation"]


def test_each_topic_is_whole_and_each_fact_is_in_text_and_summary():
    assert TOPICS.keys() == FILLERS.keys()
    for topic in TOPICS:
        for story in made_stories(30, split="test", topics=[topic]):
            assert "{" not in story.text + story.summary
            numbers = {w.strip(".,:;") for w in story.summary.split() if w[0].isdigit()}
            assert numbers and all(n in story.text for n in numbers), story
            assert story.summary not in story.text


def test_made_stories_are_the_same_each_time_and_each_is_there_once():
    stories = made_stories(200, split="train", seed=3)
    assert stories == made_stories(200, split="train", seed=3)
    assert len({s.text for s in stories}) == 200
    assert stories != made_stories(200, split="train", seed=4)
    with pytest.raises(ValueError, match="split is 'dev'; expected one of train"):
        made_stories(1, split="dev")
    with pytest.raises(ValueError, match=r"'sports'.*expected some of fire"):
        made_stories(1, split="train", topics=["sports"])


def test_the_written_items_have_the_size_that_the_page_says():
    stories = written_stories()
    assert len(stories) == len({s.text for s in stories}) == 20
    for story in stories:
        assert 100 <= len(story.text.split()) <= 180
        assert len(story.summary.splitlines()) == 2


def test_stories_come_back_from_all_forms(tmp_path):
    made = made_stories(3, split="train")
    (tmp_path / "b.story").write_text(STORY, encoding="utf-8")
    table = pd.DataFrame(
        {
            "id": ["x", "y", "z"],
            "article": [s.text for s in made],
            "highlights": [s.summary for s in made],
        }
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "c.parquet")
    (tmp_path / "notes.txt").write_text("no story")
    found = read_stories(tmp_path)
    pairs = [(s.text, s.summary) for s in found]
    own = [(s.text, s.summary) for s in made]
    assert pairs == [*own, pairs[3], *own]
    assert pairs[3] == (
        "The mill burned down.\nTwo men were hurt.",
        "Fire at a mill.\ntwo hurt.",
    )
    assert read_stories(tmp_path, limit=2) == found[:2]
    assert len(read_stories(tmp_path / "c.parquet")) == 3


def test_what_is_no_story_is_named(tmp_path):
    with pytest.raises(ValueError, match="row 7: the text is empty"):
        Story(" ", "It rained.", "row 7")
    with pytest.raises(ValueError, match=r"4 words and its text 2; .* changed places"):
        Story("It rained.", "It rained all day.")
    with pytest.raises(ValueError, match="no line @highlight"):
        story_from("It rained.", "a.story")
    with pytest.raises(ValueError, match=r"there is no .*nowhere"):
        read_stories(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"no file that ends in \.story"):
        read_stories(tmp_path)
    table = tmp_path / "a.csv"
    table.write_text("article,summary\nIt rained.,Rain\n")
    with pytest.raises(ValueError, match="columns article, summary, and no highlights"):
        read_stories(table)
    table.write_text("article,highlights\nIt rained all day.,Rain\n,Rain\n")
    with pytest.raises(ValueError, match=r"row 2 of .*a\.csv: the text is empty"):
        read_stories(table)
    assert len(read_stories(table, skip=True)) == 1
    table.write_text("article,highlights\n,Rain\n")
    with pytest.raises(ValueError, match="has no story in it"):
        read_stories(table, skip=True)
    (tmp_path / "b.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match=r"b\.parquet cannot be read as a table"):
        read_stories(tmp_path / "b.parquet")

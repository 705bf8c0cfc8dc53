"""The example that makes events, items and labelled pairs of job postings."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import whitney

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "jobs" / "skills.py"


def made(postings, out, *options):
    run = subprocess.run([sys.executable, EXAMPLE, postings, "-o", out, *options], check=True, capture_output=True, text=True)
    return run.stdout


@pytest.fixture
def postings(tmp_path):
    """20 postings, of which 0 and 10 are the test's; c is in 8 of the others, too few for an item."""
    lines = []
    for number in range(20):
        skills = ["A", "b", "a"] + (["c"] if 1 <= number <= 9 else []) + ["d"] * (number != 3)
        lines.append(f"job{number}\t{'|'.join(skills)}\n")
    lines[5] = "job5\tB\n"
    path = tmp_path / "postings.tsv"
    path.write_text("".join(lines))
    return path


def test_keeps_the_order_of_postings_and_drops_rare_skills(postings, tmp_path):
    assert made(postings, tmp_path) == "3 items, 17 contexts, 50 events, 4 pairs of the test\n"
    items = [json.loads(line) for line in open(tmp_path / "items.jsonl")]
    assert [(item["id"], item["postings"]) for item in items] == [("a", 17), ("b", 18), ("d", 16)]
    assert (tmp_path / "answers.tsv").read_text() == "a\tb\nb\td\n" * 2
    events = (tmp_path / "events.tsv").read_text().splitlines()
    assert events[:4] == ["user_id\titem_id\ttimestamp", "job1\ta\t0", "job1\tb\t1", "job1\td\t2"]
    assert (tmp_path / "labels.tsv").read_text().count("a\tb\n") == 17
    read = whitney.read_interactions(tmp_path / "events.tsv")
    assert (len(read.users), len(read.items), len(read)) == (17, 3, 50)


def test_keeps_held_out_items_from_training_only(postings, tmp_path):
    made(postings, tmp_path, "--hold-out", "10")
    assert (tmp_path / "held_out.txt").read_text() == "a\n"
    trained = {line.split("\t")[1] for line in (tmp_path / "events.tsv").read_text().splitlines()[1:]}
    assert trained == {"b", "d"}
    assert set((tmp_path / "labels.tsv").read_text().split()) == {"b", "d"}
    assert len(whitney.read_interactions(tmp_path / "events_all.tsv").items) == 3
    assert len(open(tmp_path / "answers.tsv").readlines()) == 4


def test_the_real_postings_have_the_counts_of_the_method_card(tmp_path):
    path = pathlib.Path(os.environ.get("WHITNEY_DATA", ""), "jobs-skill2vec", "jobs_50k.tsv.gz")
    if not path.is_file():
        pytest.skip("WHITNEY_DATA has no jobs-skill2vec: the counts of its split are not checked")
    assert made(path, tmp_path) == "7283 items, 39048 contexts, 320529 events, 31058 pairs of the test\n"
    assert len(whitney.read_interactions(tmp_path / "events.tsv")) == 320529

"""Turns job postings into what recommends skills for skills: events, texts of the items, and labelled pairs.

    python3 skills.py jobs_50k.tsv.gz -o OUT [--hold-out 10]

reads lines of job<TAB>skill|skill|... and writes

    OUT/events.tsv    job, skill, place in the posting (as the time): the training postings
    OUT/items.jsonl   id and text of each skill, and in how many training postings it is
    OUT/labels.tsv    skill<TAB>the one that follows it, of the training postings
    OUT/answers.tsv   the same of the test postings

Skills are lower-cased, and those of a posting distinct. Every tenth posting, from the first, is for the test. Items are the
skills of at least 10 training postings; training postings of fewer than 2 or more than 100 of them are left out, for walks
from a posting of hundreds of skills lead anywhere. --hold-out keeps about so many percent of the items from training:
events.tsv and labels.tsv lack them, OUT/held_out.txt names them, and OUT/events_all.tsv has the events with them.
"""

import argparse
import gzip
import json
import pathlib
import zlib
from collections import Counter

LEAST_POSTINGS = 10
SKILLS_OF_A_POSTING = range(2, 101)
TEST_EVERY = 10


def read_postings(path):
    """Yields (job, its distinct skills in order)."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            job, skills = line.rstrip("\n").split("\t")
            yield job, list(dict.fromkeys(skill.lower() for skill in skills.split("|")))


def kept(postings, items, sizes=None):
    """Reduces postings to these items; without those of another number of them."""
    reduced = [(job, [skill for skill in skills if skill in items]) for job, skills in postings]
    return [(job, skills) for job, skills in reduced if sizes is None or len(skills) in sizes]


def consecutive(postings):
    return [pair for _, skills in postings for pair in zip(skills, skills[1:])]


def is_held_out(skill, percent):
    return zlib.crc32(skill.encode()) % 100 < percent


def split(path):
    """Gives the items in order with their training postings, and the training and test postings."""
    train, test = [], []
    for number, posting in enumerate(read_postings(path)):
        (test if number % TEST_EVERY == 0 else train).append(posting)
    counts = Counter(skill for _, skills in train for skill in skills)
    items = {skill: counts[skill] for skill in sorted(counts) if counts[skill] >= LEAST_POSTINGS}
    return items, kept(train, items, SKILLS_OF_A_POSTING), kept(test, items)


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines("\t".join(map(str, fields)) + "\n" for fields in lines)


def write_events(path, postings):
    rows = ((job, skill, place) for job, skills in postings for place, skill in enumerate(skills))
    write_lines(path, [("user_id", "item_id", "timestamp"), *rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("postings", type=pathlib.Path, help="lines of job<TAB>skill|skill|..., plain or .gz")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("."), help="folder to write to")
    parser.add_argument("--hold-out", type=int, default=0, metavar="PERCENT", help="items that training does not meet")
    arguments = parser.parse_args()

    items, train, test = split(arguments.postings)
    pairs = consecutive(test)
    out = arguments.output
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "items.jsonl", "w", encoding="utf-8") as file:
        for skill, count in items.items():
            file.write(json.dumps({"id": skill, "text": skill, "postings": count}, ensure_ascii=False) + "\n")
    write_lines(out / "answers.tsv", pairs)
    if arguments.hold_out:
        held_out = [skill for skill in items if is_held_out(skill, arguments.hold_out)]
        write_lines(out / "held_out.txt", ([skill] for skill in held_out))
        write_events(out / "events_all.tsv", train)
        train = kept(train, set(items) - set(held_out), SKILLS_OF_A_POSTING)
    write_events(out / "events.tsv", train)
    write_lines(out / "labels.tsv", consecutive(train))
    print(f"{len(items)} items, {len(train)} contexts, {sum(len(skills) for _, skills in train)} events, "
          f"{len(pairs)} pairs of the test")


if __name__ == "__main__":
    main()

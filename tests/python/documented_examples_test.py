"""The examples of README.md and docs/python.md run as they are printed."""

import pathlib
import random
import re
import shutil

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def make_model(folder):
    """A small random model in the place of the real one."""
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        shutil.copy(ROOT / "tests" / "data" / "checkpoints" / "bert-mlm-tiny" / name, folder)
    words = "[PAD] [UNK] [CLS] [SEP] [MASK] play music in a terminal game of chess edit text".split()
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words + [str(i) for i in range(48 - len(words))]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that the examples name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart.out").mkdir()
    r = random.Random(7)
    names = ["python3-numpy", "some-id"] + [f"package{i}" for i in range(198)]
    lines = [f"{a}\t{b}\n" for a, b in ((names[i], r.choice(names)) for _ in range(3) for i in range(200)) if a != b]
    (tmp_path / "quickstart.out" / "edges.tsv").write_text("".join(lines))
    (tmp_path / "edges.tsv").write_text("".join(lines))
    rows = [f'{{"package": "{name}", "section": "{r.choice(["python", "sound"])}", "size": {r.randrange(2000)}}}\n'
            for name in names]
    (tmp_path / "packages.jsonl").write_text("".join(rows))
    (tmp_path / "labels.tsv").write_text("".join(f"{name}\t{r.choice('ab')}\n" for name in names))
    make_model(tmp_path / "models" / "minilm")
    return tmp_path


def test_the_example_of_the_readme_runs(folder, capsys):
    examples = [block for block in blocks("README.md") if "import whitney" in block]
    assert len(examples) == 1
    exec(compile(examples[0], "README.md", "exec"), {})
    assert "python3-numpy" in capsys.readouterr().out and (folder / "packages.hnsw.safetensors").exists()


def test_the_examples_of_the_python_page_run_in_order(folder):
    names = {}
    examples = blocks("docs/python.md")
    assert len(examples) > 5
    for number, block in enumerate(examples, 1):
        exec(compile(block, f"docs/python.md, example {number}", "exec"), names)

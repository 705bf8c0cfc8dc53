"""Evaluation: tasks and their reports."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from typing import Any, Iterator, Optional, Union

import numpy as np

from . import _convert, _training, _whitney
from ._calls import Progress, call
from ._graphs import Graph, read_graph
from ._indexes import Index
from ._models import Model
from ._optional import require
from ._options import given_options
from ._recommenders import Interactions, Recommender, read_interactions
from ._tables import Embeddings, Table, as_embeddings
from ._texts import Corpus, as_corpus
from ._whitney import Error


class Report(Mapping):
    """Figures with names and units, in rows.

    As a mapping it gives the first value of each figure: report["micro_f1"].
    """

    def __init__(self, native: Union[_whitney.Report, _training.ChildReport]):
        self._native = native
        self._rows = native.to_dict()["rows"]

    @property
    def title(self) -> str:
        return self._native.title

    @property
    def notes(self) -> list[str]:
        """Sentences about the run."""
        return self._native.notes

    @property
    def rows(self) -> list[dict]:
        """For each row its labels and figures, in one dict; ends of confidence intervals as NAME_low and NAME_high."""
        return [{**_labels(row), **_values(row)} for row in self._rows]

    @property
    def units(self) -> dict[str, str]:
        """Figure -> unit."""
        return {name: figure["unit"] for row in self._rows for name, figure in row["figures"].items()}

    def to_dict(self) -> dict:
        """title, rows (labels, and figures with value and unit) and notes, as in JSON."""
        return self._native.to_dict()

    def to_pandas(self):
        """A pandas frame: a row for each row, a column for each label and figure."""
        return require("pandas", "Report.to_pandas").DataFrame(self.rows)

    def plot(self, figures: Optional[list[str]] = None, ax: Any = None):
        """Draws figures (default: all of the first one's unit) over the first label, and returns matplotlib's axes."""
        pyplot = require("matplotlib.pyplot", "Report.plot")
        units = self.units
        if figures is None:
            figures = [name for name in units if units[name] == next(iter(units.values()))]
        unknown = [name for name in figures if name not in units]
        if unknown:
            raise Error(f"there is no figure {unknown[0]!r} (known: {', '.join(units)})")
        if ax is None:
            ax = pyplot.subplots()[1]
        label = next((name for row in self._rows for name in _labels(row)), None)
        if label is None:
            ax.bar(figures, [self[name] for name in figures])
        else:
            for name in figures:
                points = [(row[label], row[name]) for row in self.rows if name in row and label in row]
                ax.plot([str(x) if not isinstance(x, (int, float)) else x for x, _ in points], [y for _, y in points],
                        marker="o", label=name)
            ax.set_xlabel(label)
            ax.legend()
        ax.set_ylabel(units[figures[0]] if figures else "")
        ax.set_title(self.title)
        return ax

    def __getitem__(self, name: str) -> float:
        for row in self._rows:
            if name in row["figures"]:
                return row["figures"][name]["value"]
        raise KeyError(f"there is no figure {name!r} (known: {', '.join(self.units)})")

    def __iter__(self) -> Iterator[str]:
        return iter(self.units)

    def __len__(self) -> int:
        return len(self.units)

    def __str__(self) -> str:
        return self._native.to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape
        return f"<pre>{escape(str(self))}</pre>"


def _labels(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "figures"}


def _values(row: dict) -> dict:
    values = {}
    for name, figure in row["figures"].items():
        values[name] = figure["value"]
        values.update({f"{name}_{end}": figure[end] for end in ("low", "high") if end in figure})
    return values


def _write_labels(labels: Any, ids: Optional[np.ndarray], path: str) -> None:
    if _convert.is_pandas(labels):
        if hasattr(labels, "columns"):
            raise Error("labels are a frame; give one column of it, a Series indexed by id")
        labels = {id: label for id, label in labels.items()}
    if not isinstance(labels, Mapping):
        if ids is None or len(ids) != len(labels):
            raise Error(f"labels are {len(labels)} values for {0 if ids is None else len(ids)} rows; give a dict "
                        "id -> label (or list of labels), a pandas Series, a file, or a value for each row")
        labels = dict(zip(ids.tolist(), _convert._tolist(labels)))
    with open(path, "w", encoding="utf-8") as file:
        for id, label in labels.items():
            several = isinstance(label, (list, tuple, set, frozenset, np.ndarray))
            names = [str(name) for name in (sorted(label) if isinstance(label, (set, frozenset)) else label)] \
                if several else [str(label)]
            file.write(json.dumps({"id": id.item() if isinstance(id, np.generic) else id, "labels": names}) + "\n")


def _write_edges(graph: Graph, path: str) -> None:
    ids, weights = graph.ids.tolist(), graph._native.weights.tolist()
    offsets, targets = graph._native.offsets.tolist(), graph._native.targets.tolist()
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{id}\n" for id in ids)
        for row, id in enumerate(ids):
            for entry in range(offsets[row], offsets[row + 1]):
                if graph.directed or targets[entry] >= row:
                    file.write(f"{id}\t{ids[targets[entry]]}" + (f"\t{weights[entry]!r}" if weights else "") + "\n")


def _write_corpus(corpus: Corpus, path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for id, text in zip(corpus.ids.tolist(), corpus.texts):
            file.write(json.dumps({"id": id, "text": text}) + "\n")


def _write_pairs(pairs: Any, path: str) -> None:
    rows = pairs.to_dict("records") if hasattr(pairs, "columns") else \
        [dict(zip(("sentence1", "sentence2", "score"), pair)) for pair in pairs]
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, default=lambda number: number.item()) + "\n")


def _write_answers(answers: Any, path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for query, answer in answers.itertuples(index=False) if hasattr(answers, "columns") else answers:
            file.write(f"{query}\t{answer}\n")


def _as_file(name: str, data: Any, ids: Optional[np.ndarray], folder: str, number: int = 1) -> str:
    """Tasks read files: what is in memory is written to a folder that lives as long as the call."""
    if isinstance(data, (str, os.PathLike)):
        return os.fspath(data)
    if isinstance(data, Model):
        return data.path
    path = os.path.join(folder, name if number == 1 else f"{name}-{number}")
    if name == "pairs":
        _write_pairs(data, path + ".jsonl")
        return path + ".jsonl"
    if name == "answers":
        _write_answers(data, path + ".tsv")
        return path + ".tsv"
    if isinstance(data, Corpus):
        _write_corpus(data, path + ".jsonl")
        return path + ".jsonl"
    if name == "labels":
        _write_labels(data, ids, path + ".jsonl")
        return path + ".jsonl"
    if isinstance(data, (Embeddings, Index, Recommender)):
        data.save(path + ".safetensors")
        return path + ".safetensors"
    if name == "events" or isinstance(data, Interactions):
        read_interactions(data).save(path + ".safetensors")
        return path + ".safetensors"
    if isinstance(data, Table):
        data.save(path + ".jsonl")
        return path + ".jsonl"
    if name in ("graph", "edges") or isinstance(data, Graph):
        _write_edges(read_graph(data), path + ".tsv")
        return path + ".tsv"
    as_embeddings(data).save(path + ".safetensors")
    return path + ".safetensors"


@contextlib.contextmanager
def _named_by_input(folder: str):
    """Errors and notes about what was in memory name the input ("events"), not the file that it was handed over in."""
    def named(sentence: str) -> str:
        return re.sub(re.escape(folder + os.sep) + r"([\w-]+)\.\w+", r"\1", sentence)

    def rename(record: logging.LogRecord) -> bool:
        sentence = record.getMessage()
        if folder in sentence:
            record.msg, record.args = named(sentence), ()
        return True

    logger = logging.getLogger("whitney")
    logger.addFilter(rename)
    try:
        yield
    except Error as error:
        error.args = (named(str(error)),)
        raise
    finally:
        logger.removeFilter(rename)


def run_task(verb: str, task: str, inputs: tuple, seed: Optional[int], threads: Optional[int], progress: Progress,
             options: dict) -> Report:
    names = _whitney.task_inputs(verb, task, len(inputs))
    told = call(threads, seed, progress)
    events = {name: value for name, value in options.items() if isinstance(value, Interactions)}
    options = {name: value for name, value in options.items() if name not in events}
    options = {name: as_corpus(value) if name in _path_options(verb, task) and not isinstance(value, (str, os.PathLike))
               else value for name, value in options.items() if value is not None}
    for model in inputs:
        if isinstance(model, Model) and model.precision != "float32":  # it is opened again, by its path
            options.setdefault("encode__precision", model.precision)
    named = next((data for data in (*inputs, *options.values()) if isinstance(data, (Embeddings, Index, Corpus))), None)
    ids = None if named is None else named.ids
    with tempfile.TemporaryDirectory(prefix="whitney-") as folder, _named_by_input(folder):
        paths = [_as_file(name, data, ids, folder, names[:place + 1].count(name))
                 for place, (name, data) in enumerate(zip(names, inputs))]
        options = {name: _as_file(name, value, ids, folder) if isinstance(value, Corpus) else value
                   for name, value in options.items()}
        options |= {name: _as_file(name, value, ids, folder) for name, value in events.items()}
        given = given_options(options)
        if _training.trains(*given.values()):
            return Report(_training.evaluate(verb, task, paths, given, seed=seed, threads=threads, progress=progress))
        return Report(_whitney.evaluate(verb, task, paths, given, told))


def _path_options(verb: str, task: str) -> set[str]:
    """Options of a task that name files."""
    declared = next(method for method in _whitney.methods() if (method["verb"], method["name"]) == (verb, task))
    return {option["name"] for option in declared["options"] if option["type"] == "path"}


def evaluate(task: str, *inputs: Any, seed: Optional[int] = None, threads: Optional[int] = None,
             progress: Progress = False, **options: Any) -> Report:
    """Measures embeddings against known truth, by a task such as "node-classification".

    Inputs are those of the task, in its order (the first one several times where the task compares methods, such as
    "reconstruction"; "recommendation" takes a recommender and events, or events alone to learn= from): files, or Embeddings, a Model, a Recommender, an Index, a Graph, Interactions, vectors; labels may be a
    dict id -> label (or list of labels), a pandas Series indexed by id, or a value for each row of the first input; pairs
    a frame, or a list of (first, second, score); answers a frame of two columns, or a list of (query, answer); texts= what whitney.Corpus takes. What is in memory is written to a
    temporary file, which the task reads. A task that learns by gradients (learn="ngcf") runs in a process of its own.
    """
    return run_task("evaluate", task, inputs, seed, threads, progress, options)


def diagnose(data: Any, *, seed: Optional[int] = None, threads: Optional[int] = None, progress: Progress = False,
             **options: Any) -> Report:
    """Tells how far embeddings may be trusted."""
    names = [method["name"] for method in _whitney.methods() if method["verb"] == "diagnose"]
    if not names:
        _whitney.require_method("diagnose", "")
    return run_task("diagnose", names[0], (data,), seed, threads, progress, options)

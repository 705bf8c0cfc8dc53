"""Methods that train by gradients run in a process of their own, the program's: libtorch never enters the caller's."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from typing import Any, Optional

import numpy as np

from . import _opening, _whitney
from ._calls import Progress, ProgressLine, call
from ._graphs import Graph, read_graph
from ._recommenders import read_interactions
from ._tables import Embeddings
from ._whitney import Error


def program() -> str:
    """The program `whitney` that belongs to this package: WHITNEY_PROGRAM, the one beside it, or the one on the PATH."""
    named = os.environ.get("WHITNEY_PROGRAM")
    if named:
        return named
    package = pathlib.Path(__file__).parent
    for place in (package / "bin" / "whitney", package.parent.parent / "bin" / "whitney"):
        if place.is_file():
            return str(place)
    found = shutil.which("whitney")
    if found is None:
        raise Error("training runs the program whitney, which is neither beside this package nor on the PATH; WHITNEY_PROGRAM "
                    "may name it")
    return found


def command_line(method: str, source: str, output: str, options: dict[str, Any], seed: Optional[int],
                 threads: Optional[int]) -> list[str]:
    """What somebody would type."""
    words = [program(), "learn", method, source, "-o", output, "--quiet"]
    return words + _option_words({**options, "seed": seed, "threads": threads})


def _option_words(options: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={_text(value)}" for name, value in options.items() if value is not None]


TRAINED = {method["name"] for method in _whitney.methods() if method["verb"] == "learn" and method["part"] == "train"}
"""Learners that follow gradients, in a process of their own."""


def trains(*names: Any) -> bool:
    """Whether a method, or a part of it, is one of these."""
    return any(isinstance(name, str) and name in TRAINED for name in names)


def learn(method: str, source: Any, options: dict[str, Any], *, seed: Optional[int] = None, threads: Optional[int] = None,
          progress: Progress = False) -> Any:
    """Trains in a process of its own and opens what it made. source: the path of a file, or what whitney.read_graph (of a
    recommender whitney.read_interactions) takes."""
    told = {"seed": seed, "threads": threads, "progress": progress}
    _whitney.resolve_options("learn", method, options)  # says what is wrong in the caller's words
    with tempfile.TemporaryDirectory(prefix="whitney-") as folder:
        made = os.path.join(folder, "learned.safetensors")
        if isinstance(source, (str, os.PathLike)):
            learn_in_child(method, source, made, options, **told)
            return _opening.open(made)  # mapped: it stays readable when its name is gone
        if _whitney.learner_input(method) == "interactions":
            events = os.path.join(folder, "events.safetensors")  # whole, users and items without events too
            read_interactions(source, threads=threads).save(events)
            with _without_a_name(events):
                learn_in_child(method, events, made, options, **told)
            return _opening.open(made)
        graph = read_graph(source, threads=threads)
        edges = os.path.join(folder, "edges.tsv")
        write_edges(graph, edges)
        with _without_a_name(edges):
            learn_in_child(method, edges, made, {**options, "directed": graph.directed, "weighted": graph.weighted}, **told)
        learned = _opening.open(made)._native
        return Embeddings._of(_whitney.Embeddings(graph._native.ids, learned.vectors, learned.columns, learned.record,
                                                  call(threads)))


@contextlib.contextmanager
def _without_a_name(path: str):
    """What was in memory has no file's name, that of what was handed over as little."""
    try:
        yield
    except Error as error:
        raise Error(str(error).removeprefix(f"{path}: ")) from None


def write_edges(graph: Graph, path: str) -> None:
    """Writes a graph as a list of edges between row numbers; all nodes come first, alone, so that they keep their order."""
    native = graph._native
    offsets, targets = np.asarray(native.offsets), np.asarray(native.targets)
    sources = np.repeat(np.arange(graph.num_nodes), np.diff(offsets))
    kept = slice(None) if graph.directed else sources <= targets  # an undirected edge stands in both rows
    columns = [sources[kept], targets[kept]]
    if graph.weighted:
        columns.append(np.asarray(native.weights)[kept].astype(np.float64))
    with open(path, "wb") as file:
        np.savetxt(file, np.arange(graph.num_nodes), fmt="%d")
        np.savetxt(file, np.column_stack(columns), fmt=["%d", "%d", "%.9g"][:len(columns)], delimiter="\t")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_text(element) for element in value)
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def evaluate(verb: str, task: str, paths: list[str], options: dict[str, Any], *, seed: Optional[int] = None,
             threads: Optional[int] = None, progress: Progress = False) -> "ChildReport":
    """Runs a task whose learner follows gradients in a process of its own."""
    _whitney.resolve_options(verb, task, options)
    with tempfile.TemporaryDirectory(prefix="whitney-") as folder:
        made = os.path.join(folder, "report.json")
        words = [program(), verb, task, *paths, "-o", made, "--quiet", *_option_words({**options, "seed": seed, "threads": threads})]
        text = run_child(words, task, progress)
        return ChildReport(json.loads(pathlib.Path(made).read_text(encoding="utf-8")), text)


class ChildReport:
    """What a child told, with the face of a report that was made in this process."""

    def __init__(self, told: dict, text: str):
        self._told, self._text = told, text

    @property
    def title(self) -> str:
        return self._told["title"]

    @property
    def notes(self) -> list[str]:
        return self._told["notes"]

    def to_dict(self) -> dict:
        return self._told

    def to_text(self) -> str:
        return self._text


def learn_in_child(method: str, source: str | os.PathLike, output: str | os.PathLike, options: dict[str, Any], *,
                   seed: Optional[int] = None, threads: Optional[int] = None, progress: Progress = False) -> None:
    """Runs `whitney learn method source -o output` and waits for it."""
    run_child(command_line(method, os.fspath(source), os.fspath(output), options, seed, threads), method, progress)


def run_child(words: list[str], method: str, progress: Progress) -> str:
    """Runs a command, waits for it, and gives what it wrote.

    progress and notes are those of a call in this process. Ctrl-C, and an exception of the progress callable, stop the
    child as Ctrl-C on its own terminal would: it keeps its checkpoint. A second Ctrl-C does not wait for that. What goes
    wrong in it is a whitney.Error with its sentence.
    """
    hear = ProgressLine() if progress is True else progress or None
    read_end, write_end = os.pipe()
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as written:
        try:
            # A session of its own: Ctrl-C reaches it once, from here.
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=written, stderr=errors,
                                     pass_fds=(write_end,), start_new_session=True,
                                     env={**os.environ, "WHITNEY_PROGRESS_FD": str(write_end)})
        except OSError as error:
            os.close(read_end)
            raise Error(f"cannot run {words[0]}: {error.strerror}") from error
        finally:
            os.close(write_end)
        with os.fdopen(read_end, encoding="utf-8") as told:
            try:
                for line in told:
                    _tell(json.loads(line), hear)
                child.wait()
            except BaseException:
                _stop(child)
                raise
        errors.seek(0)
        _raise_failure(child.returncode, errors.read().decode(errors="replace"), method)
        written.seek(0)
        return written.read().decode()


def _tell(event: dict[str, Any], hear: Any) -> None:
    if "note" in event:
        logging.getLogger("whitney").warning("%s", event["note"])
    elif hear is not None:
        hear(event["stage"], event["done"], event["total"], event["unit"])


def _stop(child: subprocess.Popen) -> None:
    child.send_signal(signal.SIGINT)
    try:
        child.wait()
    except BaseException:
        child.kill()
        child.wait()
        raise


def _raise_failure(code: int, said: str, method: str) -> None:
    if code == 0:
        return
    if code == 130:
        raise KeyboardInterrupt
    sentences = [line.removeprefix("whitney: ") for line in said.splitlines() if line.startswith("whitney: ")]
    if sentences:
        raise Error(sentences[-1])
    if code < 0:
        raise Error(f"the training of {method} was ended by {signal.Signals(-code).name}; `whitney estimate learn {method} ...` "
                    "tells how much memory it needs")
    raise Error(f"the training of {method} failed with exit code {code}: {said.strip()[-500:]}")

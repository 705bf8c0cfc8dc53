"""Claim: `whitney estimate learn` tells the peak memory of a run within 20 %, wherever it is above 50 MB.

    estimate_bench.py --program build/bin/whitney [--only METHOD,...] [--graphs NAME,...] [--threads 2]

For each learner and each graph, one process learns as a user would (file in, file out), and the system tells its peak
(ru_maxrss, as `time -v`); beside it stands what `estimate` had told of the same command line. Recommenders read edges as
events of users with items. The graphs are the real
ones of WHITNEY_DATA and synthetic R-MAT ones, which need numpy. A learner that takes longer than --seconds on a graph is
left out of it, with a line that says so.
"""

import argparse
import gzip
import json
import multiprocessing
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading

BOUND, SMALL = 0.2, 50e6
# Options with which a learner runs on graphs of this size at all.
OPTIONS = {
    "partitioned": ["--base", "fastrp", "--parts", "8"],
    "deepwalk": ["--num-walks", "2", "--walk-length", "20"],
    "node2vec": ["--num-walks", "2", "--walk-length", "20"],
    "lightgcn": ["--epochs", "1", "--batch-size", "8192", "--evaluate-every", "1"],
    "mf_bpr": ["--epochs", "1"],
    "ngcf": ["--epochs", "1", "--batch-size", "8192", "--evaluate-every", "1"],
}


def real_graphs(data, scratch, is_asked):
    """Yields (name, edge list, options of the reader) of the graphs that are asked for."""
    for name in ("ppi-node2vec", "dblp-aminer", "blogcatalog"):
        path = data / name / "edges.txt.gz"
        if path.exists() and is_asked(name):
            yield name, path, []
    gowalla = data / "gowalla" / "train.txt.gz"
    if gowalla.exists() and is_asked("gowalla"):
        path = scratch / "gowalla.tsv"
        with gzip.open(gowalla, "rt") as lines, open(path, "w") as out:
            for line in lines:
                user, *items = line.split()
                out.writelines(f"u{user}\ti{item}\n" for item in items)
        yield "gowalla", path, []


def uniform_graph(scratch, is_asked):
    """300,000 edges between any two of 100,000 nodes: the graph of the test, which needs nothing but this file."""
    if not is_asked("uniform"):
        return
    draw = random.Random(1)
    path = scratch / "uniform.tsv"
    with open(path, "w") as out:
        out.writelines(f"{draw.randrange(100_000)}\t{draw.randrange(100_000)}\n" for _ in range(300_000))
    yield "uniform", path, []


def rmat(scale, num_edges, path, weighted=False):
    """R-MAT (Chakrabarti, Zhan, Faloutsos 2004), quadrants 0.57, 0.19, 0.19, 0.05, nodes numbered at random."""
    import numpy

    draw = numpy.random.default_rng(42)
    ends = numpy.zeros((2, num_edges), dtype=numpy.uint32)
    for _ in range(scale):
        quadrant = numpy.searchsorted([0.57, 0.76, 0.95], draw.random(num_edges), side="right")
        ends = 2 * ends + numpy.array([quadrant // 2, quadrant % 2], dtype=numpy.uint32)
    ends = draw.permutation(2**scale).astype(numpy.uint32)[ends]
    columns = [ends[0], ends[1]]
    if weighted:
        columns.append(draw.integers(1, 10, num_edges))
    numpy.savetxt(path, numpy.column_stack(columns), fmt="%d", delimiter="\t")


def synthetic_graphs(scratch, is_asked):
    for name, scale, num_edges, weighted in (("R-MAT 18", 18, 2_000_000, False), ("R-MAT 16, weights", 16, 1_000_000, True)):
        if not is_asked(name):
            continue
        path = scratch / (name.replace(" ", "-").replace(",", "") + ".tsv")
        # In a process of its own: a child's peak begins with its parent's memory, and numpy takes much.
        maker = multiprocessing.get_context("spawn").Process(target=rmat, args=(scale, num_edges, path, weighted))
        maker.start()
        maker.join()
        if maker.exitcode != 0:
            print(f"{name} is left out: numpy is not installed")
            continue
        yield name, path, []
        if weighted:
            yield name + ", directed", path, ["--directed"]


def peak_of(words, seconds):
    """Runs a program; gives (peak in bytes, None), or (None, why there is no peak)."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=errors)
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode == 0:
            return usage.ru_maxrss * 1024, None
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        return None, lines[-1] if process.returncode > 0 and lines else f"took more than {seconds} s"


def learners(program):
    methods = json.loads(subprocess.run([program, "methods", "--json"], check=True, capture_output=True, text=True).stdout)
    methods = methods["methods"] if isinstance(methods, dict) else methods
    return sorted(method["name"] for method in methods if method["verb"] == "learn")


def measure(program, method, path, reader, scratch, threads, seconds):
    """Gives (estimate, peak), or (None, why not)."""
    common = ["learn", method, str(path), *reader, *OPTIONS.get(method, []), "--threads", str(threads)]
    told = subprocess.run([program, "estimate", *common, "--json"], capture_output=True, text=True)
    if told.returncode != 0:
        return None, told.stderr.strip().splitlines()[-1]
    peak, why = peak_of([program, *common, "--quiet", "--force", "-o", str(scratch / "out.safetensors")], seconds)
    return (None, why) if peak is None else (json.loads(told.stdout)["peak_bytes"], peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--only", default="", help="methods, separated by commas; all")
    parser.add_argument("--graphs", default="", help="parts of graphs' names, separated by commas; all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    data = pathlib.Path(os.environ.get("WHITNEY_DATA", "."))
    methods = arguments.only.split(",") if arguments.only else learners(arguments.program)
    held = True

    def is_asked(name):
        return not arguments.graphs or any(part in name for part in arguments.graphs.split(","))

    print("| graph | method | estimate | measured | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        graphs = [*real_graphs(data, scratch, is_asked), *uniform_graph(scratch, is_asked), *synthetic_graphs(scratch, is_asked)]
        for name, path, reader in graphs:
            for method in methods:
                told, peak = measure(arguments.program, method, path, reader, scratch, arguments.threads, arguments.seconds)
                if told is None:
                    print(f"| {name} | {method} | - | - | {re.sub('[|]', '/', peak)} |", flush=True)
                    continue
                ratio = told / peak
                bad = peak > SMALL and abs(ratio - 1) > BOUND
                held = held and not bad
                print(f"| {name} | {method} | {told / 1e6:.0f} MB | {peak / 1e6:.0f} MB | {ratio:.2f}{' **' if bad else ''} |", flush=True)
    print("held" if held else "NOT HELD: within 20 % above 50 MB (marked **)")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

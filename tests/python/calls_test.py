"""threads=, seed=, progress=, Ctrl-C and fork."""

import logging
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import whitney

RANDOM = np.random.default_rng(1)
SMALL = (RANDOM.integers(0, 300, 1000), RANDOM.integers(0, 300, 1000))
LARGE = "import numpy as np, os, signal, sys, whitney\n" \
        "r = np.random.default_rng(1)\n" \
        "graph = whitney.read_graph((r.integers(0, 40000, 150000), r.integers(0, 40000, 150000)))\n"


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)


def test_seed_decides_the_bytes_and_threads_do_not():
    one = whitney.learn("fastrp", SMALL, dim=16, seed=1, threads=1).vectors.tobytes()
    assert one == whitney.learn("fastrp", SMALL, dim=16, seed=1, threads=2).vectors.tobytes()
    assert one != whitney.learn("fastrp", SMALL, dim=16, seed=2).vectors.tobytes()


@pytest.mark.parametrize("given, sentence", [(dict(threads=0), "threads is 0"), (dict(seed=-1), "seed is -1"),
                                             (dict(progress="yes"), "progress")])
def test_wrong_numbers_are_refused(given, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        whitney.learn("fastrp", SMALL, dim=4, **given)


def test_a_callable_hears_progress():
    heard = []
    whitney.learn("fastrp", SMALL, dim=16, progress=lambda *what: heard.append(what))
    assert heard and all(isinstance(stage, str) and 0 <= done <= total for stage, done, total, unit in heard)


def test_progress_true_draws_on_standard_error(capsys):
    whitney.learn("fastrp", SMALL, dim=16, progress=True)
    assert "s" in capsys.readouterr().err


def test_what_a_callable_raises_ends_the_call():
    def stop(*what):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        whitney.learn("fastrp", SMALL, dim=16, progress=stop)


def test_notes_go_to_the_logger(caplog):
    with caplog.at_level(logging.WARNING, logger="whitney"):
        whitney.learn("fastrp", whitney.read_graph(([0], [1]), ids=[0, 1, 2]), dim=4)
    assert [r.name for r in caplog.records] == ["whitney"] and "1" in caplog.text


def test_ctrl_c_stops_a_long_call_where_it_is():
    done = run(LARGE + "heard = []\n"
               "def progress(stage, done, total, unit):\n"
               "    heard.append(done / total if total else 0)\n"
               "    if len(heard) == 1: os.kill(os.getpid(), signal.SIGINT)\n"
               "try:\n"
               "    whitney.learn('fastrp', graph, dim=256, threads=2, progress=progress)\n"
               "    print('went on')\n"
               "except KeyboardInterrupt:\n"
               "    print('stopped')\n"
               "print(whitney.learn('fastrp', ([0], [1]), dim=4).shape)\n")
    assert done.stdout.split("\n")[:2] == ["stopped", "(2, 4)"], done.stderr


def test_ctrl_c_from_outside_ends_a_program_that_learns():
    child = subprocess.Popen([sys.executable, "-c", LARGE + "print('ready', flush=True)\n"
                              "while True: whitney.learn('fastrp', graph, dim=64)\n"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors and child.returncode in (-signal.SIGINT, 1, 130)


def test_the_signal_handler_is_python_s_again_afterwards():
    before = signal.getsignal(signal.SIGINT)
    whitney.learn("fastrp", SMALL, dim=4)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass


def test_an_ignored_ctrl_c_stays_ignored():
    done = run(LARGE + "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
               "progress = lambda *what: os.kill(os.getpid(), signal.SIGINT)\n"
               "print(whitney.learn('fastrp', graph, dim=8, progress=progress).shape)\n")
    assert "8)" in done.stdout, done.stderr


def test_calls_on_other_threads_of_python():
    results = {}

    def work(i):
        results[i] = whitney.learn("fastrp", SMALL, dim=8, seed=i % 2, threads=2).vectors.tobytes()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[2] and results[1] == results[3] and results[0] != results[1]


def test_a_forked_child_computes_the_same():
    before = whitney.learn("fastrp", SMALL, dim=8, threads=2)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # no exception may go up from here: this process is pytest's, too
        code = 1
        try:
            again = whitney.learn("fastrp", SMALL, dim=8, threads=2)
            hits = whitney.index("hnsw", again, threads=2).search(again.vectors[:3], k=2)
            if again.vectors.tobytes() == before.vectors.tobytes() and hits.counts.tolist() == [2, 2, 2]:
                code = 0
        finally:
            os._exit(code)
    os.close(write)
    os.close(read)
    assert os.waitpid(child, 0)[1] == 0

"""What `import whitney` does and does not do."""

import subprocess
import sys

import pytest

import whitney


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_starts_no_thread_and_loads_no_heavy_package():
    done = run("import os, sys, whitney\n"
               "print(len(os.listdir('/proc/self/task')))\n"
               "print([m for m in ('torch', 'pandas', 'pyarrow', 'scipy', 'sklearn', 'networkx', 'matplotlib')"
               " if m in sys.modules])")
    # numpy's own BLAS may hold threads: they are counted without whitney, too.
    numpy_only = run("import os, numpy\nprint(len(os.listdir('/proc/self/task')))")
    assert done.stdout.splitlines() == [numpy_only.stdout.strip(), "[]"], done.stderr


def test_has_a_version_that_info_and_methods_agree_with():
    assert whitney.__version__ == whitney.info()["version"]
    assert whitney.info()["methods"] == len(whitney.methods())


def test_methods_tell_their_options():
    fastrp = next(m for m in whitney.methods("learn") if m["name"] == "fastrp")
    dim = next(o for o in fastrp["options"] if o["name"] == "dim")
    assert fastrp["class_name"] == "FastRP" and dim["default"] == 256 and dim["range"] == (1, 65536)
    assert {m["verb"] for m in whitney.methods("index")} == {"index"}


def test_error_is_a_value_error_of_whitney():
    assert issubclass(whitney.Error, ValueError) and whitney.Error.__module__ == "whitney"


def test_unknown_methods_name_the_nearest_one():
    with pytest.raises(whitney.Error, match='did you mean "fastrp"'):
        whitney.learn("fastpr", ([0], [1]))
    with pytest.raises(whitney.Error, match='did you mean "lvq"'):
        whitney.compress("lvqq", None)
    with pytest.raises(whitney.Error, match='did you mean "hnsw"'):
        whitney.index("hnws", [[1.0, 2.0]])


def test_unknown_options_name_the_nearest_one():
    with pytest.raises(whitney.Error, match='did you mean "dim"'):
        whitney.learn("fastrp", ([0], [1]), dmi=3)
    with pytest.raises(whitney.Error, match='did you mean "beta"'):
        whitney.FastRP(beat=1)


def test_a_missing_package_is_named_in_a_sentence():
    done = run("import sys\nsys.modules['pandas'] = None\nimport whitney\n"
               "whitney.Embeddings(vectors=[[1.0]]).to_pandas()")
    assert "needs the package pandas, which is not installed (pip install pandas)" in done.stderr

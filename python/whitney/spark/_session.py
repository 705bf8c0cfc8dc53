"""Sessions: what must be there, what a task may use, and errors of executors as sentences."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any, Iterator, Optional

from .._optional import require
from .._whitney import Error

OLDEST = (4, 1)
"""The first pyspark that places rows by the number of a partition (DataFrame.repartitionById)."""
OLDEST_JAVA = 17


def require_pyspark():
    """The package pyspark. Throws Error when it, or what its frames of Arrow batches need, is missing or too old."""
    try:
        import pyspark
    except ImportError as error:
        raise Error("whitney.spark needs Apache Spark: pip install pyspark, and Java 17 or later "
                    "(apt-get install openjdk-17-jre-headless)") from error
    found = tuple(int(number) for number in re.findall(r"\d+", pyspark.__version__)[:2])
    if found < OLDEST:
        raise Error(f"whitney.spark needs pyspark {OLDEST[0]}.{OLDEST[1]} or later, and {pyspark.__version__} is installed "
                    "(pip install --upgrade pyspark)")
    for package in ("pyarrow", "pandas"):
        require(package, "whitney.spark")
    return pyspark


def session_of(frame: Any, what: str):
    """The session of a Spark frame. Throws Error when it is none."""
    pyspark = require_pyspark()
    if not isinstance(frame, pyspark.sql.DataFrame):
        raise Error(f"{what} is a {type(frame).__name__}, and a Spark DataFrame is expected "
                    "(spark.createDataFrame(...) makes one)")
    if not hasattr(frame, "_jdf"):
        raise Error(f"{what} belongs to a Spark Connect session, and whitney.spark needs one beside the driver "
                    "(SparkSession.builder without remote)")
    return frame.sparkSession


def require_columns(frame: Any, names: list, what: str) -> None:
    """Throws Error that names a column which is missing."""
    for name in names:
        if name not in frame.columns:
            raise Error(f'{what} has no column "{name}" (its columns: {", ".join(frame.columns) or "none"})')


def id_type(frame: Any, column: str, what: str) -> str:
    """The type of ids as SQL names it, "string" or "bigint". Throws Error for another."""
    kind = dict(frame.dtypes)[column]
    if kind in ("string", "bigint"):
        return kind
    if kind in ("tinyint", "smallint", "int"):
        return "bigint"
    raise Error(f'{what}: the ids in column "{column}" are of type {kind} (expected: long or string)')


def task_threads() -> int:
    """The processors that Spark gives the task that calls."""
    from pyspark import TaskContext
    context = TaskContext.get()
    return 1 if context is None else max(1, int(context.cpus()))


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Throws what executors threw as whitney.Error with its own sentence."""
    try:
        yield
    except Exception as error:
        found = re.search(r"^whitney\.Error: (.+)$", str(error), re.MULTILINE)
        if found is None or isinstance(error, Error):
            raise
        raise Error(found.group(1)) from error


def java_version(java: str) -> Optional[int]:
    """The main version of a Java program, 17 of "17.0.15"; None when it does not say."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    return int(found.group(1)) if found else None


def require_java() -> None:
    """Throws Error when no Java that Spark can run on is found: JAVA_HOME's, else the one on PATH."""
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else shutil.which("java")
    version = java_version(java) if java else None
    if version is None or version < OLDEST_JAVA:
        found = "none is found" if version is None else f"{java} is Java {version}"
        raise Error(f"Apache Spark needs Java {OLDEST_JAVA} or later, and {found} "
                    "(apt-get install openjdk-17-jre-headless, or set JAVA_HOME)")


def local_cluster(workers: int = 2, cores: int = 1, memory_mb: int = 1024, **settings: str):
    """A Spark session whose executors are processes of this machine, to try and to test what runs on a cluster.

    settings : Spark's own, dots as two underscores (spark__local__dir="/scratch"). Executors run this Python and find this
    whitney. Throws Error when pyspark or Java is missing.
    """
    pyspark = require_pyspark()
    require_java()
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    known = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1",
             "spark.driver.bindAddress": "127.0.0.1", "spark.executorEnv.PYTHONPATH": path}
    known.update({name.replace("__", "."): value for name, value in settings.items()})
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # no setting reaches a driver that is running already
    builder = pyspark.sql.SparkSession.builder.master(f"local-cluster[{workers},{cores},{memory_mb}]").appName("whitney")
    for name, value in known.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def ship_file(session: Any, path: str, name: str) -> None:
    """Hands a file to the executors under a name, once. Spark takes the name from what a symbolic link points to, so that
    it is a second name of the file, or a copy where its file system has none."""
    context = session.sparkContext
    if name in {os.path.basename(known) for known in context.listFiles}:
        return
    place = os.path.join(tempfile.mkdtemp(prefix="whitney-", dir=context._temp_dir), name)
    try:
        os.link(path, place, follow_symlinks=True)
    except OSError:
        shutil.copyfile(path, place)
    context.addFile(place)

"""The Spark session of the tests: two executors, processes of their own, that start quickly and leave nothing behind."""

import os
import shutil

import pytest

import whitney
import whitney.spark

JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # tests end before a second compiler pays


def start():
    """Throws whitney.Error where pyspark or Java is missing."""
    session = whitney.spark.local_cluster(
        workers=2, cores=1, memory_mb=1024, spark__driver__memory="512m", spark__driver__extraJavaOptions=JAVA,
        spark__executor__extraJavaOptions=JAVA, spark__sql__codegen__wholeStage="false",
        spark__sql__shuffle__partitions="4", spark__default__parallelism="2")
    session.sparkContext.setLogLevel("OFF")
    return session


def stop(session):
    """Workers of a local cluster keep what executors said below Spark's own folder."""
    application = session.sparkContext.applicationId
    session.stop()
    import pyspark
    shutil.rmtree(os.path.join(os.environ.get("SPARK_HOME", os.path.dirname(pyspark.__file__)), "work", application),
                  ignore_errors=True)


@pytest.fixture(scope="module")
def spark():
    try:
        session = start()
    except whitney.Error as error:
        pytest.skip(str(error))
    yield session
    stop(session)

"""Vectors, ids and attributes in, out, and through files."""

import copy
import datetime
import pickle

import numpy as np
import pandas
import pyarrow
import pytest

import whitney

VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3) + 1


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "uint8"])
def test_packed_vectors_are_shared_in_and_out(dtype):
    mine = VECTORS.astype(dtype)
    out = whitney.Embeddings(vectors=mine).vectors
    assert np.shares_memory(mine, out) and out.dtype == dtype and not out.flags.writeable


def test_read_only_vectors_are_shared():
    mine = VECTORS.copy()
    mine.flags.writeable = False
    assert np.shares_memory(mine, whitney.Embeddings(vectors=mine).vectors)


def test_vectors_outlive_the_embeddings_and_the_array():
    out = whitney.Embeddings(vectors=VECTORS.copy()).vectors
    np.testing.assert_array_equal(out, VECTORS)


@pytest.mark.parametrize("other", [VECTORS.astype(np.float64), np.asfortranarray(VECTORS), VECTORS[:, ::-1][:, ::-1],
                                   VECTORS.astype(np.int64), VECTORS.tolist(), np.repeat(VECTORS, 2, 0)[::2]])
def test_other_layouts_and_types_are_copied_to_float32(other):
    out = whitney.Embeddings(vectors=other).vectors
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, VECTORS)


def test_the_buffer_protocol_and_dlpack_are_shared():
    class OnlyDlpack:
        def __dlpack__(self, **options):
            return VECTORS.__dlpack__(**options)

        def __dlpack_device__(self):
            return VECTORS.__dlpack_device__()

    for data in (memoryview(VECTORS), OnlyDlpack()):
        assert np.shares_memory(whitney.Embeddings(vectors=data).vectors, VECTORS)


def test_embeddings_leave_by_dlpack_and_array():
    e = whitney.Embeddings(vectors=VECTORS)
    assert np.shares_memory(np.from_dlpack(e), VECTORS)
    assert np.shares_memory(np.asarray(e), VECTORS) and np.asarray(e, dtype=np.float64).dtype == np.float64


def test_arrow_vectors_are_shared():
    flat = pyarrow.array(VECTORS.reshape(-1))
    column = pyarrow.FixedSizeListArray.from_arrays(flat, 3)
    out = whitney.Embeddings(vectors=column).vectors
    assert address(out) == flat.buffers()[1].address
    np.testing.assert_array_equal(whitney.Embeddings(vectors=column.slice(1, 2)).vectors, VECTORS[1:3])


def test_arrow_lists_of_double_and_chunks_are_copied():
    lists = pyarrow.chunked_array([VECTORS[:1].tolist(), VECTORS[1:].tolist()], type=pyarrow.list_(pyarrow.float64()))
    np.testing.assert_array_equal(whitney.Embeddings(vectors=lists).vectors, VECTORS)


def test_arrow_lists_of_unequal_length_are_refused():
    with pytest.raises(whitney.Error, match="row 1 has 1 values, and row 0 has 2"):
        whitney.Embeddings(vectors=pyarrow.array([[1.0, 2.0], [3.0]]))


def test_a_pandas_frame_gives_vectors_and_ids():
    e = whitney.Embeddings(vectors=pandas.DataFrame(VECTORS, index=list("wxyz")))
    assert e.ids.tolist() == ["w", "x", "y", "z"]
    np.testing.assert_array_equal(e["y"], VECTORS[2])


@pytest.mark.parametrize("ids", [["a", "b", "ü", ""], np.array(["a", "b", "ü", ""]), pyarrow.array(["a", "b", "ü", ""]),
                                 pyarrow.array(["a", "b", "ü", ""], pyarrow.large_string()),
                                 pyarrow.chunked_array([["a", "b"], ["ü", ""]]), pandas.Series(["a", "b", "ü", ""]),
                                 pyarrow.array(["a", "b", "ü", ""]).dictionary_encode()])
def test_string_ids_of_any_kind(ids):
    e = whitney.Embeddings(vectors=VECTORS, ids=ids)
    assert e.ids.dtype == object and e.ids.tolist() == ["a", "b", "ü", ""]
    assert np.array_equal(e["ü"], VECTORS[2]) and "a" in e and "c" not in e


@pytest.mark.parametrize("ids", [[7, 2**64 - 1, 0, 3], np.array([7, 2**64 - 1, 0, 3], np.uint64),
                                 pyarrow.array([7, 2**64 - 1, 0, 3], pyarrow.uint64())])
def test_integer_ids_of_any_kind(ids):
    e = whitney.Embeddings(vectors=VECTORS, ids=ids)
    assert e.ids.dtype == np.uint64 and e.ids.tolist() == [7, 2**64 - 1, 0, 3]
    assert np.array_equal(e[np.int32(3)], VECTORS[3])


def test_ids_are_row_numbers_when_absent():
    assert whitney.Embeddings(vectors=VECTORS).ids.tolist() == [0, 1, 2, 3]


def test_an_unknown_id_is_a_key_error_that_names_the_nearest_one():
    e = whitney.Embeddings(vectors=VECTORS, ids=["python3-numpy", "b", "c", "d"])
    with pytest.raises(KeyError) as caught:
        e["python3-nunpy"]
    assert 'did you mean "python3-numpy"' in str(caught.value) and isinstance(caught.value, whitney.Error)


@pytest.mark.parametrize("given, sentence", [
    (dict(vectors=VECTORS, ids=["a", "b", "c"]), "3 ids for 4 vectors"),
    (dict(vectors=VECTORS, ids=["a", "b", "a", "c"]), '"?a"?'),
    (dict(vectors=VECTORS, ids=["a", 1, "b", "c"]), "number 1 is 1"),
    (dict(vectors=VECTORS, ids=[0, 1, -2, 3]), "number 2 is -2"),
    (dict(vectors=VECTORS, ids=np.array([0, 1, -2, 3])), "number 2 is -2"),
    (dict(vectors=VECTORS, ids="abcd"), "a list of ids is expected"),
    (dict(vectors=[[1.0, 2.0], [3.0]]), "no array of numbers"),
    (dict(vectors=[1.0, 2.0]), r"shape \(2,\)"),
    (dict(vectors=[["a", "b"]]), "no array of numbers"),
    (dict(vectors=[[1j, 2.0]]), "Complex data not supported"),
    (dict(vectors=VECTORS, metric="cosin"), "cosin"),
    (dict(vectors=VECTORS, attributes={"size": [1, 2]}), "size|2 rows"),
    (dict(vectors=VECTORS, attributes={"size": [1, 2, 3, "x"]}), "size"),
    (dict(vectors=VECTORS, attributes={"size": 3}), "a value for each row is expected"),
    (dict(vectors=VECTORS, attributes={"size": [1, 2, 3, object()]}), "row 3"),
    (dict(vectors=VECTORS, attributes=7), "a dict of columns"),
])
def test_bad_input_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(whitney.Error, match=sentence):
        whitney.Embeddings(**given)


def test_a_nan_is_refused_with_its_row_and_id():
    bad = VECTORS.copy()
    bad[2, 1] = np.nan
    with pytest.raises(whitney.Error, match="(?s)2.*python|python.*2"):
        whitney.Embeddings(vectors=bad, ids=["a", "b", "python", "d"])


ATTRIBUTES = {
    "size": [1, 2, 3, None],
    "score": [0.5, None, -1.0, 2.0],
    "free": [True, False, None, True],
    "name": ["x", None, "y", "x"],
    "tags": [["b", "a"], [], None, ["a"]],
    "day": [datetime.date(2026, 11, 24), None, datetime.date(1969, 12, 31), datetime.date(1970, 1, 1)],
}


def as_polars_like(columns):
    return pyarrow.table({name: pyarrow.array(values) for name, values in columns.items()})


@pytest.mark.parametrize("attributes", [ATTRIBUTES, pandas.DataFrame(ATTRIBUTES), as_polars_like(ATTRIBUTES)],
                         ids=["dict", "pandas", "arrow"])
def test_attributes_of_every_type_and_source(attributes):
    a = whitney.Embeddings(vectors=VECTORS, attributes=attributes).attributes
    assert set(a.types.items()) >= {("score", "real"), ("name", "string"), ("tags", "set"), ("day", "date"),
                                    ("free", "bool")}
    assert np.ma.getmaskarray(np.ma.asarray(a["free"])).tolist() == [False, False, True, False]
    np.testing.assert_array_equal(a["score"], [0.5, np.nan, -1.0, 2.0])
    assert a["name"].tolist() == ["x", None, "y", "x"]
    assert a["tags"].tolist() == [("a", "b"), (), None, ("a",)]
    assert a["day"].tolist() == [datetime.datetime(2026, 11, 24), None, datetime.datetime(1969, 12, 31),
                                 datetime.datetime(1970, 1, 1)]
    assert a.row(0)["day"] == "2026-11-24"


def test_whole_columns_are_shared():
    sizes, scores = np.array([5, 6, 7, 8]), np.array([0.1, 0.2, 0.3, 0.4])
    arrow = pyarrow.array([5, 6, 7, 8])
    a = whitney.Embeddings(vectors=VECTORS, attributes={"size": sizes, "score": scores, "arrow": arrow}).attributes
    assert np.shares_memory(a["size"], sizes) and np.shares_memory(a["score"], scores)
    assert address(a["arrow"]) == arrow.buffers()[1].address


def test_integers_with_gaps_are_masked():
    size = whitney.Embeddings(vectors=VECTORS, attributes={"size": [1, 2, 3, None]}).attributes["size"]
    assert isinstance(size, np.ma.MaskedArray) and size.tolist() == [1, 2, 3, None]


def test_attributes_become_pandas_and_arrow():
    e = whitney.Embeddings(vectors=VECTORS, ids=list("abcd"), attributes=ATTRIBUTES)
    frame = e.attributes.to_pandas(index=e.ids)
    assert str(frame["size"].dtype) == "Int64" and frame.loc["c", "name"] == "y"
    table = e.to_arrow()
    assert table.column_names == ["id", "vector", *ATTRIBUTES]
    assert table["size"].to_pylist() == [1, 2, 3, None] and table["tags"].to_pylist()[0] == ["a", "b"]
    back = whitney.Embeddings(vectors=table["vector"], ids=table["id"], attributes=table.drop_columns(["id", "vector"]))
    assert back.attributes.types == e.attributes.types
    np.testing.assert_array_equal(back.vectors, VECTORS)


def test_a_saved_file_gives_everything_back(tmp_path):
    e = whitney.Embeddings(vectors=VECTORS, ids=list("abcd"), attributes=ATTRIBUTES, metric="l2")
    path = tmp_path / "e.safetensors"
    e.save(path)
    back = whitney.open(path)
    assert isinstance(back, whitney.Embeddings) and back.metric == "l2" and back.shape == (4, 3)
    np.testing.assert_array_equal(back.vectors, VECTORS)
    assert back.ids.tolist() == list("abcd")
    for name in ATTRIBUTES:
        assert repr(back.attributes[name].tolist()) == repr(e.attributes[name].tolist())
    with pytest.raises(whitney.Error, match="e.safetensors"):
        e.save(path)
    e.save(path, force=True)


def test_other_formats_by_extension(tmp_path):
    np.save(tmp_path / "e.npy", VECTORS)
    np.testing.assert_array_equal(whitney.open(tmp_path / "e.npy").vectors, VECTORS)
    whitney.Embeddings(vectors=VECTORS).save(tmp_path / "out.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), VECTORS)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(whitney.Error, match="nothing.safetensors"):
        whitney.open(tmp_path / "nothing.safetensors")


def test_pickle_and_copy_keep_everything():
    e = whitney.Embeddings(vectors=VECTORS, ids=list("abcd"), attributes=ATTRIBUTES, metric="l2")
    for back in (pickle.loads(pickle.dumps(e)), copy.deepcopy(e)):
        assert back.ids.tolist() == e.ids.tolist() and back.metric == "l2"
        assert back.attributes.types == e.attributes.types
        np.testing.assert_array_equal(back.vectors, VECTORS)


def test_columns_of_a_table_that_no_attribute_can_hold_are_left_out(tmp_path, caplog):
    path = tmp_path / "table.jsonl"
    path.write_text('{"id": "a", "size": 1, "depends": [["x"]]}\n{"id": "b", "size": 2, "maker": {"name": "y"}}\n')
    table = whitney.read_table(path)
    assert list(table.attributes) == ["size"]
    assert '"depends" (line 1' in caplog.text and '"maker" (line 2' in caplog.text
    with pytest.raises(whitney.Error, match="depends"):  # asked for by name
        whitney.Embeddings(vectors=VECTORS[:1], attributes={"depends": [[["x"]]]})


def test_a_table_is_joined_by_id(tmp_path, caplog):
    (tmp_path / "t.jsonl").write_text('{"package": "b", "size": 2}\n{"package": "x", "size": 9}\n')
    table = whitney.read_table(tmp_path / "t.jsonl", id_field="package")
    joined = whitney.Embeddings(vectors=VECTORS, ids=list("abcd")).join(table)
    assert joined.attributes["size"].tolist() == [None, 2, None, None]
    assert "3 of 4 vectors" in caplog.text
    assert table.to_pandas().loc["b", "size"] == 2

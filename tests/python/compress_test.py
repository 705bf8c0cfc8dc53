"""whitney.compress and what is made by it."""

import sys

import numpy as np
import pytest

import whitney


def vectors(n=400, d=24, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def test_codes_take_fewer_bytes_and_decode_to_nearly_the_same():
    x = vectors()
    small = whitney.compress("sq8", whitney.Embeddings(vectors=x, metric="l2"))
    assert small.bytes_per_vector == 24 and small.dim == 24 and len(small) == 400 and small.metric == "l2"
    assert np.abs(small.decode().vectors - x).max() < 0.02
    assert small.provenance["quality"]["relative_error"] < 0.02
    assert "sq8" in repr(small)


def test_a_search_compares_with_codes_and_ranks_by_the_second_level(tmp_path):
    x = vectors()
    embeddings = whitney.Embeddings(vectors=x, ids=[f"v{i}" for i in range(400)], metric="l2",
                                    attributes={"half": ["a", "b"] * 200})
    small = whitney.compress("lvq", embeddings, bits="4x8")
    truth = whitney.index("flat", embeddings).search(vectors(5, seed=1), k=5)
    hits = small.search(vectors(5, seed=1), k=5)
    assert (hits.ids == truth.ids).mean() > 0.9
    assert set(small.search(x[0], k=3, filter='half = "b"').ids[0]) <= {f"v{i}" for i in range(1, 400, 2)}
    path = tmp_path / "small.safetensors"
    small.save(path)
    opened = whitney.open(path)
    assert opened.shape == (400, 24) and list(opened.ids[:2]) == ["v0", "v1"]
    with pytest.raises(whitney.Error, match="exists"):
        small.save(path)


def test_wrong_names_and_options_are_sentences():
    with pytest.raises(whitney.Error, match='did you mean "lvq"'):
        whitney.compress("lvqq", vectors())
    with pytest.raises(whitney.Error, match="bits"):
        whitney.compress("lvq", vectors(), bits="5")
    with pytest.raises(whitney.Error, match="whitney.compress"):
        whitney.CompressedEmbeddings()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))

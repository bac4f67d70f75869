"""Digests of documents, and where two of them differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.selectors.certification import Difference, differences
from apps.contests.selectors.documents import digest_of

LEAVES = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


def test_the_digest_is_of_the_canonical_json_and_known() -> None:
    """RFC 8785: keys sorted, no white space. The digest is that of the bytes `{"a":[1,null],"b":"7.25"}`."""
    digest = "7b6a6974df928949c06ef39829e8a26b4b98d16aa1081b7cfaa6f3209ac8f216"

    assert digest_of({"b": "7.25", "a": [1, None]}) == digest
    assert digest_of({"a": [1, None], "b": "7.25"}) == digest


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert list(differences(document, document)) == []


@given(DOCUMENTS, DOCUMENTS)
def test_documents_differ_somewhere_exactly_if_their_digests_do(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert bool(list(differences(left, right))) == (digest_of(left) != digest_of(right))


@pytest.mark.parametrize(
    ("certified", "stored", "expected"),
    [
        ({"a": {"b": "1"}}, {"a": {"b": "2"}}, [Difference("#/a/b", "1", "2")]),
        ({"a": ["1", "2"]}, {"a": ["1", "3"]}, [Difference("#/a/1", "2", "3")]),
        ({"a": ["1"]}, {"a": ["1", "3"]}, [Difference("#/a", ["1"], ["1", "3"])]),
        ({"a": "1"}, {}, [Difference("#/a", "1", None)]),
        ({}, {"a": "1"}, [Difference("#/a", None, "1")]),
        ({"a": {"b": "1"}}, {"a": "1"}, [Difference("#/a", {"b": "1"}, "1")]),
    ],
)
def test_a_difference_is_named_as_deep_as_both_have_the_same_shape(
    certified: object, stored: object, expected: list[Difference]
) -> None:
    assert list(differences(certified, stored)) == expected

"""The log's tree, against RFC 9162's own recursive definitions and known roots."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.audit import tree
from runtime.audit.record import plain, spelled

# Leaves and roots of the reference implementation of RFC 6962, which hashes as RFC 9162 does:
# https://github.com/google/certificate-transparency-go, merkletree/merkle_tree_test.go
LEAVES = [
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root_by_definition(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    middle = max(1 << n for n in range(20) if 1 << n < len(leaves))
    return hashlib.sha256(
        b"\1" + root_by_definition(leaves[:middle]) + root_by_definition(leaves[middle:])
    ).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_that_others_compute(size: int) -> None:
    leaves = [tree.leaf_hash(bytes.fromhex(one)) for one in LEAVES[:size]]

    assert tree.root_of(leaves).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert tree.root_of([]).hex() == hashlib.sha256(b"").hexdigest()


@given(st.integers(1, 200), st.data())
def test_every_leaf_is_proved_and_no_other_is(size: int, data: st.DataObject) -> None:
    leaves = [tree.leaf_hash(bytes([n])) for n in range(size)]
    position = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))

    path = tree.inclusion(position, size, lambda first, last: tree.root_of(leaves[first:last]))
    proved = tree.root_from_inclusion(leaves[position], position=position, size=size, path=path)
    elsewhere = tree.root_from_inclusion(leaves[other], position=position, size=size, path=path)

    assert tree.root_of(leaves) == root_by_definition(leaves)
    assert proved == tree.root_of(leaves)
    assert (elsewhere == proved) is (other == position)


@given(st.integers(1, 64), st.integers(0, 63))
def test_a_path_that_is_too_long_or_too_short_proves_nothing(size: int, position: int) -> None:
    leaves = [tree.leaf_hash(bytes([n])) for n in range(size)]
    position %= size
    path = tree.inclusion(position, size, lambda first, last: tree.root_of(leaves[first:last]))
    root = tree.root_of(leaves)

    for wrong in (path[:-1], [*path, leaves[0]]):
        if wrong == path:
            continue
        found = tree.root_from_inclusion(leaves[position], position=position, size=size, path=wrong)
        assert found != root
    assert tree.root_from_inclusion(leaves[0], position=size, size=size, path=path) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1.0, "a": "é", "€": None}, '{"a":"é","b":1,"€":null}'),
        ({"n": 10**20}, '{"n":"100000000000000000000"}'),
        ({"n": float("nan"), "i": float("inf")}, '{"i":"inf","n":"nan"}'),
        (["\ud83d", "\u0000", -0.0], '["\\\\ud83d","\\u0000",0]'),
    ],
)
def test_any_value_has_one_canonical_spelling(value: object, written: str) -> None:
    assert spelled(plain(value)).decode() == written  # pyright: ignore[reportArgumentType] - what facts may hold

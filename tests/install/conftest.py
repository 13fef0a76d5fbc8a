# SPDX-License-Identifier: Apache-2.0
"""One installed tree for all tests of this directory."""
import pytest

from installed import install


@pytest.fixture(name="tree", scope="session")
def fixture_tree(tmp_path_factory):
    where = tmp_path_factory.mktemp("prefix")
    install(f"PREFIX={where}")
    return where

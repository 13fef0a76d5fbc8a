# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all plan tests: the compiler and the boot files, made once a run."""
import fixtures
import pytest


@pytest.fixture(scope="session", name="program")
def fixture_program():
    return fixtures.compiler()


@pytest.fixture(scope="session", name="files")
def fixture_files(tmp_path_factory):
    where = tmp_path_factory.mktemp("files")
    fixtures.write_files(where)
    return where

# SPDX-License-Identifier: Apache-2.0
"""Zone tests: each script's test(machine, stanza) drives one machine; tests/run.py calls them."""

# SPDX-License-Identifier: Apache-2.0
"""What the zone tests and the demo's tour share."""

# SPDX-License-Identifier: Apache-2.0
"""What the verbs of zone0 print with --json, as JSON schemas; docs/zone0.md shows examples."""
NUMBER = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
YES = {"type": "boolean"}
STATE = {"enum": ["off", "starting", "running", "stopping", "paused"]}
REASON = {"enum": ["none", "power-off", "reset", "operator", "abort", "fault", "device"]}
COUNTS = {"type": "object", "additionalProperties": NUMBER}


def thing(optional=(), **fields):
    """An object with all of these fields, but for the optional ones, and no others."""
    return {"type": "object", "properties": fields, "additionalProperties": False,
            "required": [name for name in fields if name not in optional]}


def things(item):
    return {"type": "array", "items": item}


ZONE_FIELDS = {
    "index": NUMBER, "name": {"type": "string", "pattern": "^[a-z0-9_-]{1,23}$"},
    "role": {"enum": ["zone0", "user", "realtime"]}, "state": STATE, "reason": REASON,
    "starts": NUMBER, "vcpus": NUMBER, "vcpus_on": NUMBER, "cpus": things(NUMBER),
    "memory": NUMBER, "faults": NUMBER, "since_ns": NUMBER,
    "console": YES, "created": YES, "private": YES}
ZONE = thing(**ZONE_FIELDS)
REGION = thing(optional=["offset"], gpa=NUMBER, size=NUMBER,
               pool={"type": ["integer", "null"]}, offset=NUMBER)
CHECK = thing(optional=["remedy"], name=TEXT, good=YES, text=TEXT, remedy=TEXT)

SCHEMAS = {
    "zone list": thing(now_ns=NUMBER, zones=things(ZONE)),
    "zone status": thing(**ZONE_FIELDS, regions=things(REGION)),
    "zone change": ZONE,
    "zone watch": {"oneOf": [
        thing(time_ns=NUMBER, event={"const": "state"}, zone=TEXT, state=STATE, reason=REASON),
        thing(time_ns=NUMBER, event={"enum": ["server", "device"]}, value=NUMBER, detail=NUMBER),
        thing(event={"const": "lost"}, count=NUMBER)]},
    "log": {"oneOf": [thing(text=TEXT), thing(lost=NUMBER)]},
    "stat": thing(vcpus=things(thing(zone=TEXT, vcpu=NUMBER, cpu=NUMBER, on=YES, exits=COUNTS))),
    "top": thing(passed_ms=NUMBER, vcpus=things(thing(
        zone=TEXT, vcpu=NUMBER, cpu=NUMBER, state=STATE, on=YES, exits_per_second=NUMBER,
        by_kind=COUNTS))),
    "doctor": thing(zone0=thing(checks=things(CHECK), usable=YES)),
}

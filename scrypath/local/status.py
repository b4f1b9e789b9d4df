"""The frame in which the local stack describes itself."""

from __future__ import annotations

from enum import StrEnum

from scrypath.frame_schema import COUNT, TEXT, Column, FrameSchema, enum_type
from scrypath.local.state import Part


class PartState(StrEnum):
    """Whether a part is there."""

    RUNNING = "running"  # started by the stack
    EXTERNAL = "external"  # given by its URL: never started or stopped here
    CRASHED = "crashed"  # started by the stack, and gone
    STOPPED = "stopped"


LOCAL_STATUS = FrameSchema(
    "LOCAL_STATUS",
    "Dense: one row per part of the local stack, in a fixed order.",
    (
        Column("part", enum_type(Part), "Which part"),
        Column("state", enum_type(PartState), "Whether it is there"),
        Column("url", TEXT, "Where it answers, password masked; null for a part without a URL"),
        Column("pid", COUNT, "Its process, null when it is not running or not ours"),
        Column("detail", TEXT, "What it is, and the next step when it is not running"),
    ),
)

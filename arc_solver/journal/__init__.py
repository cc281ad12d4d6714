"""The journal: everything that a run found and did, one checksummed line each, append-only.

`lines` frames a record, `records` knows what is recorded, `reading` gathers it, `writing` appends it under a lock. A
journal is the only source that resuming, merging, voting again and reports need: it holds the tasks, and of each run
that wrote to it the version, configuration, seed and machine.

Its size is bounded by what is handed to it: candidates that cannot change a vote any more are kept out by the board
(`shelf`) and counted here, and counts are written once a minute. Knows nothing of how a run is steered.
"""

from arc_solver.journal.reading import JournalContents, parse, read
from arc_solver.journal.records import Decision, Note, Record, RunRecord, Surplus, Work
from arc_solver.journal.writing import COUNTS_INTERVAL_S, FSYNC_INTERVAL_S, Journal, earlier_path

__all__ = [
    "COUNTS_INTERVAL_S",
    "FSYNC_INTERVAL_S",
    "Decision",
    "Journal",
    "JournalContents",
    "Note",
    "Record",
    "RunRecord",
    "Surplus",
    "Work",
    "earlier_path",
    "parse",
    "read",
]

"""Looks at how SQLite would answer the usual questions to each view, and how long it takes.

    database_plans_check.py DATABASE

For each question, the byte code says which tables and indexes are walked from an end (Rewind, Last) and not looked up. None of the
big tables may be, and others only where the question names them. A question that wants the latest rows may walk an index from its end
if nothing sorts afterwards. Prints a line a question; status 1 when one walks what it may not, or a view has no question.
"""
import sqlite3
import sys
import time

BIG = {"events", "event_details", "frames", "stacks"}
# Why others may be walked when a question has no filter that an index could serve.
SMALL = {
    "findings": "thousands of findings where there are a million events",
    "tags": "fewer than findings",
    "tests": "names of tests and packages",
    "silences": "one a time of silence",
    "finding_days": "events by finding and day, the sum that such a question is about",
    "silences_untold": "a partial index: only silences whose end was not told yet",
}
LATEST = "latest"  # an index of a big table may be walked from its end

TAG, PACKAGE, PRINT = "'team:service3'", "'example.com/app/p3'", "printf('%064x', 77)"
QUESTIONS = [
    ("v_findings WHERE id = 77", []),
    ("v_findings ORDER BY last_seen DESC LIMIT 50", [LATEST]),
    (f"v_findings WHERE tag = {TAG}", []),
    (f"v_findings WHERE package = {PACKAGE}", []),
    (f"v_findings WHERE fingerprint = {PRINT}", []),
    ("v_findings WHERE kind = 'use-after-free' ORDER BY last_seen DESC LIMIT 50", []),
    ("v_findings WHERE test_a = 'TestOf7' OR test_b = 'TestOf7'", []),
    ("v_findings WHERE last_seen >= '2026-06-20'", []),
    ("v_findings WHERE status = 'new' ORDER BY last_seen DESC LIMIT 50", [LATEST]),
    ("v_findings WHERE id IN (SELECT rowid FROM v_search WHERE v_search MATCH '\"F77\"')", []),
    ("v_search WHERE v_search MATCH '\"F77\"' AND kind = 'title'", []),
    ("v_search s JOIN v_findings f ON f.id = s.finding WHERE s.v_search MATCH 'service77' ORDER BY s.rank LIMIT 50", []),
    ("v_events WHERE id = 77", []),
    ("v_events ORDER BY time DESC LIMIT 50", [LATEST]),
    ("v_events ORDER BY id DESC LIMIT 50", [LATEST]),
    ("v_events WHERE finding = 77 ORDER BY time DESC LIMIT 50", []),
    ("v_events WHERE run = 77 LIMIT 50", []),
    ("v_events WHERE trace_id = printf('%032x', 77) LIMIT 50", []),
    (f"v_events WHERE tag = {TAG} LIMIT 50", []),
    (f"v_events WHERE tag = {TAG} ORDER BY time DESC LIMIT 50", []),
    (f"v_events WHERE package = {PACKAGE} ORDER BY time DESC LIMIT 50", []),
    (f"v_events WHERE fingerprint = {PRINT} ORDER BY time DESC LIMIT 50", []),
    ("v_events WHERE kind = 'use-after-free' ORDER BY time DESC LIMIT 50", []),
    ("v_events WHERE time >= '2026-06-20' AND time < '2026-06-21' LIMIT 50", []),
    ("v_events WHERE time >= '2026-06-20' ORDER BY time DESC LIMIT 50", [LATEST]),
    ("v_events WHERE suppression = 'race:f11' ORDER BY time DESC LIMIT 50", []),
    ("accesses WHERE event_id = 77", []),
    ("goroutines WHERE event_id = 77", []),
    ("stack_frames WHERE stack_id = 77", []),
    ("stack_frames x JOIN frames f ON f.id = x.frame_id WHERE x.stack_id = 77", []),
    ("v_runs ORDER BY id DESC LIMIT 20", [LATEST]),
    ("v_runs ORDER BY last_at DESC LIMIT 20", [LATEST]),
    ("v_runs WHERE id = 77", []),
    ("v_runs WHERE trace_id = printf('%032x', 77)", []),
    ("v_profiles WHERE run = 77", []),
    ("v_profiles WHERE trace_id = printf('%032x', 77) AND kind = 'heap'", []),
    ("v_profile_stacks WHERE run = 77 AND kind = 'heap' ORDER BY value_2 DESC LIMIT 50", []),
    ("v_profile_stacks WHERE process = 77", []),
    ("v_runs WHERE last_at >= '2026-06-20'", []),
    ("v_silences WHERE finding = 77", []),
    ("v_silences WHERE told = 0 AND until <= '2026-06-20'", ["silences_untold"]),
    ("v_silences ORDER BY id DESC LIMIT 50", [LATEST]),
    ("v_silences", ["silences"]),
    ("v_suppressions", []),
    ("v_suppressions WHERE suppression = 'race:f11'", []),
    ("v_alerts ORDER BY id DESC LIMIT 50", [LATEST]),
    ("v_alerts WHERE id = 77", []),
    ("v_new_by_day", ["findings"]),
    ("v_new_by_day WHERE day >= '2026-01-05'", []),
    ("v_new_by_day WHERE day = '2026-01-05'", []),
    ("v_events_by_day", ["finding_days"]),
    ("v_events_by_day WHERE day >= '2026-06-01'", []),
    ("v_events_by_day WHERE day = '2026-06-01'", []),
    ("v_events_by_tag", ["finding_days"]),
    (f"v_events_by_tag WHERE tag = {TAG}", []),
    ("v_events_by_day_and_tag WHERE day >= '2026-06-01'", []),
    (f"v_events_by_day_and_tag WHERE tag = {TAG}", []),
    (f"v_events_by_day_and_tag WHERE tag = {TAG} AND day = '2026-06-01'", []),
    ("v_events_by_fingerprint ORDER BY events DESC LIMIT 10", ["findings", "finding_days"]),
    (f"v_events_by_fingerprint WHERE fingerprint = {PRINT}", []),
    ("v_findings_by_tag", ["findings", "tags"]),
    (f"v_findings_by_tag WHERE tag = {TAG}", []),
    ("v_findings_by_package", ["findings"]),
    (f"v_findings_by_package WHERE package = {PACKAGE}", []),
    ("v_findings_by_tag_and_package", ["findings"]),
    (f"v_findings_by_tag_and_package WHERE tag = {TAG}", []),
    (f"v_findings_by_tag_and_package WHERE package = {PACKAGE}", []),
    (f"v_findings_by_tag_and_package WHERE tag = {TAG} AND package = {PACKAGE}", []),
    ("v_findings_by_test", ["findings"]),
    ("v_findings_by_test WHERE test = 'TestOf7'", ["findings"]),
    ("v_time_to_resolve ORDER BY resolved_at DESC LIMIT 50", ["findings"]),
    (f"v_time_to_resolve WHERE tag = {TAG}", []),
    (f"v_time_to_resolve WHERE package = {PACKAGE}", []),
    ("v_time_to_resolve WHERE finding = 77", []),
    ("v_flaky_findings WHERE finding = 77", []),
    (f"v_flaky_findings WHERE tag = {TAG}", []),
    (f"v_flaky_findings WHERE package = {PACKAGE}", []),
    (f"v_flaky_findings WHERE fingerprint = {PRINT}", []),
    ("v_flaky_findings WHERE last_seen >= '2026-06-28T23' ORDER BY share DESC LIMIT 10", []),
    ("v_slow_packages ORDER BY elapsed_ms_median DESC LIMIT 10", ["tests"]),
    (f"v_slow_packages WHERE package = {PACKAGE}", ["tests"]),
]


def walked(database, names, sql):
    """Tables and indexes that are walked from an end, and whether anything is sorted."""
    opened, walks, sorts = {}, set(), False
    for _, opcode, p1, p2, *_ in database.execute("EXPLAIN " + sql):
        if opcode == "OpenRead":
            opened[p1] = names.get(p2)
        elif opcode in ("OpenEphemeral", "OpenAutoindex", "SorterOpen", "OpenPseudo", "VOpen", "OpenDup"):
            opened[p1] = None
            sorts = sorts or opcode == "SorterOpen"
        elif opcode in ("Rewind", "Last") and opened.get(p1):
            walks.add(opened[p1])
    return walks, sorts


def main():
    database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    database.execute("PRAGMA temp_store = MEMORY")
    names, table_of = {}, {}
    for name, table, root in database.execute("SELECT name, tbl_name, rootpage FROM sqlite_schema WHERE rootpage > 0"):
        names[root], table_of[name] = name, table
    bad, used = [], set()
    for question, may in QUESTIONS:
        sql = "SELECT * FROM " + question
        walks, sorts = walked(database, names, sql)
        wrong = set()
        for name in walks:
            table = table_of[name]
            named = name in may or (table in may and table not in BIG)
            if named:
                used.add(name if name in may else table)
            elif not (LATEST in may and not sorts):
                wrong.add(name)
        start = time.monotonic()
        rows = len(database.execute(sql).fetchall())
        print("%8.1f ms %6d rows  %s" % ((time.monotonic() - start) * 1000, rows, question))
        if wrong:
            bad.append(f"{question} walks {', '.join(sorted(wrong))}")
    views = {name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}
    bad += [f"no question to {view}" for view in sorted(views - {question.split()[0] for question, _ in QUESTIONS})]
    bad += [f"the reason for {name} is not needed" for name in sorted(set(SMALL) - used)]
    bad += [f"{name} is walked without a reason" for name in sorted(used - set(SMALL))]
    # The check can tell: without an index this walks all events.
    if not walked(database, names, "SELECT * FROM events WHERE memory_name = 'x'")[0]:
        bad.append("a walk over all events was not noticed")
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())

"""Checks on what alerts left behind.

	alert_check.py ecs FILE           each line is an event whose fields have the names and types of the table below
	alert_check.py delivered FILE WANT [LOST]
	                                  FILE (of alert_server.py) has WANT alerts that were taken, each once; with LOST also some
	                                  twice, but then under the same key
	alert_check.py requests FILE EXPRESSION
	                                  EXPRESSION of Python holds for the list `r` of requests
"""
import collections
import json
import re
import sys

# Elastic Common Schema 8: the fields that we use, with their types there; below redflag.* they are our own.
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
DATE, KEYWORD, TEXT, LONG = "date", "keyword", "text", "long"
FIELDS = {
    "@timestamp": DATE, "message": TEXT, "tags": [KEYWORD], "ecs.version": KEYWORD,
    "event.kind": KEYWORD, "event.category": [KEYWORD], "event.type": [KEYWORD], "event.action": KEYWORD,
    "event.id": KEYWORD, "event.severity": LONG, "event.created": DATE, "event.module": KEYWORD,
    "event.dataset": KEYWORD, "event.provider": KEYWORD, "event.code": KEYWORD,
    "log.level": KEYWORD, "log.logger": KEYWORD,
    "rule.id": KEYWORD, "rule.name": KEYWORD, "rule.category": KEYWORD, "rule.ruleset": KEYWORD, "rule.uuid": KEYWORD,
    "rule.version": KEYWORD,
    "host.name": KEYWORD, "service.name": KEYWORD, "trace.id": KEYWORD,
    "process.pid": LONG, "process.executable": KEYWORD, "process.name": KEYWORD, "process.command_line": TEXT,
    "process.working_directory": KEYWORD,
}
REQUIRED = ["@timestamp", "message", "ecs.version", "event.kind", "event.category", "event.type", "event.action", "event.id",
            "event.severity", "log.level"]
CATEGORIES = {"vulnerability": {"info"}}  # which types ECS allows for the categories that we use


def flatten(value, name, out):
    if isinstance(value, dict):
        for key, member in value.items():
            flatten(member, f"{name}.{key}" if name else key, out)
    else:
        out[name] = value


def fits(value, kind):
    if isinstance(kind, list):
        return isinstance(value, list) and all(fits(v, kind[0]) for v in value)
    if kind == LONG:
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str) or any(c < " " and c not in "\t" for c in value) and kind == TEXT:
        return False
    return bool(TIME.match(value)) if kind == DATE else True


def check_event(event, line):
    fields = {}
    flatten(event, "", fields)
    wrong = [f"line {line}: {name} is missing" for name in REQUIRED if name not in fields]
    for name, value in fields.items():
        if name.startswith("redflag."):
            continue
        if name.startswith("labels."):
            if name.count(".") != 1 or not isinstance(value, str):
                wrong.append(f"line {line}: {name} = {value!r}")
        elif name not in FIELDS:
            wrong.append(f"line {line}: {name} is no field")
        elif not fits(value, FIELDS[name]):
            wrong.append(f"line {line}: {name} = {value!r} is no {FIELDS[name]}")
    if fields.get("event.kind") != "alert":
        wrong.append(f"line {line}: event.kind")
    for category in fields.get("event.category", []):
        if not set(fields.get("event.type", [])) <= CATEGORIES.get(category, set()):
            wrong.append(f"line {line}: event.type for {category}")
    return wrong


def check_ecs(path):
    wrong, count = [], 0
    with open(path, encoding="utf-8") as f:
        for line, text in enumerate(f, 1):
            count += 1
            wrong += check_event(json.loads(text), line)
    return wrong or ([] if count else ["no line at all"])


def read_requests(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def check_delivered(path, want, lost):
    keys = collections.defaultdict(list)
    for request in read_requests(path):
        if request["mode"] in ("ok", "cut"):
            for alert in request["ids"]:
                keys[alert].append(request["key"])
    wrong = [] if len(keys) == want else [f"{len(keys)} alerts arrived, not {want}"]
    for alert, seen in keys.items():
        if len(set(seen)) > 1 or (len(seen) > 1 and not lost):
            wrong.append(f"{alert} arrived under {seen}")
    return wrong


def main():
    what, path, *rest = sys.argv[1:]
    if what == "ecs":
        wrong = check_ecs(path)
    elif what == "delivered":
        wrong = check_delivered(path, int(rest[0]), len(rest) > 1)
    else:
        r = read_requests(path)
        wrong = [] if eval(f"({rest[0]})", {"r": r}) else [f"not so: {rest[0]}"] + [str(x) for x in r[-5:]]  # our own scripts' words
    print("\n".join(wrong[:20]))
    return bool(wrong)


sys.exit(main())

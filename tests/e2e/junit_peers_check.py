"""Checks for junit-peers.sh: is one JUnit file at least as complete as those that other programs wrote of the same stream?

    junit_peers_check.py STREAM OURS GOTESTSUM GO-JUNIT-REPORT CTRF     a line: reports in the stream, and kept by each; what is wrong

What the stream says decides: each time that a test ran has to be a case of ours, with its outcome and its time, and what it
printed has to be in it. Then everything that the others wrote is looked for in ours: cases, messages, output, properties. Where
another program contradicts the stream, that is counted and not asked of us. CTRF is our other file of the same tests.
"""
import collections
import json
import re
import sys
import xml.etree.ElementTree as ET

PACKAGE_CASE = "(package)"
LEFT_OUT = re.compile(r"^\[redflag: (\d+) bytes left out\]$", re.M)
FRAME = re.compile(r"^(=== (RUN|PAUSE|CONT|NAME) |\s*--- (PASS|FAIL|SKIP|BENCH): |PASS$|FAIL$|FAIL\t|ok  \t|\?   \t|exit status )")
Case = collections.namedtuple("Case", "package name outcome time text")
problems = []


def complain(sentence):
    problems.append(sentence)


# --- the stream ------------------------------------------------------------------------------------------------------

class Stream:
    def __init__(self, path):
        self.ends = []                              # (package, test, outcome, elapsed or None)
        self.packages = {}                          # outcome
        self.said = collections.defaultdict(list)   # (package, test), one text each time that it ran
        self.builds = collections.defaultdict(str)
        self.failed_builds = {}
        self.all_packages = set()
        self.reports = 0
        self.open = {}
        for line in open(path, encoding="utf-8"):
            try:
                event = json.loads(line)
            except ValueError:
                continue                            # the line in which the stream was cut
            self.take(event)
        for key in self.open:
            result = self.packages.get(key[0])
            self.ends.append((*key, "passed" if result in ("passed", "skipped") else "failed", None))

    def take(self, event):
        action, package, test = event["Action"], event.get("Package"), event.get("Test")
        key, outcome = (package, test), {"pass": "passed", "bench": "passed", "fail": "failed", "skip": "skipped"}.get(action)
        if package:
            self.all_packages.add(package)
        if action == "build-output":
            self.builds[event["ImportPath"]] += event["Output"]
        elif action == "output":
            self.reports += event["Output"] == "WARNING: DATA RACE\n"
            if key in self.open and not FRAME.match(event["Output"]):
                self.said[key][-1] += event["Output"]
        elif action == "run":
            self.open[key] = True
            self.said[key].append("")
        elif outcome and test:
            self.open.pop(key, None)
            self.ends.append((*key, outcome, event.get("Elapsed")))
        elif outcome:
            self.packages[package] = outcome
            self.failed_builds[package] = event.get("FailedBuild")


# --- files -----------------------------------------------------------------------------------------------------------

class Report:
    def __init__(self, path):
        with open(path, "rb") as file:
            raw = file.read() or b"<testsuites/>"       # gotestsum writes nothing of a stream that was cut
        self.reports = raw.count(b"WARNING: DATA RACE")
        self.root = ET.fromstring(raw)
        self.cases, self.suite_text, self.properties = [], collections.defaultdict(str), {}
        self.suites, self.attributes = {}, []
        for suite in self.root.iter("testsuite"):
            self.take_suite(suite)

    def take_suite(self, suite):
        package = re.sub(r"^\[(.*)\]$", r"\1", suite.get("name"))
        self.suites[package] = suite
        for p in suite.findall("properties/property"):
            self.properties[package, p.get("name")] = p.get("value")
        for child in suite.findall("system-out"):
            self.suite_text[package] += (child.text or "") + "\n"
        for case in suite.findall("testcase"):
            self.cases.append(self.case_of(package, case))

    def case_of(self, package, case):
        name, text, outcome = case.get("name"), "", "passed"
        for child in case:
            outcome = {"failure": "failed", "error": "failed", "skipped": "skipped"}.get(child.tag, outcome)
            text += (child.get("message") or "") + "\n" + (child.text or "") + "\n"
        # Of t.Attr; Jenkins' schema has no properties in a case.
        self.attributes += [(package, name, p.get("name"), p.get("value")) for p in case.findall("properties/property")]
        # What others call the package itself.
        if (name == "TestMain" and not case.get("classname")) or name in ("Failure", "[build failed]", "[setup failed]", ""):
            name = PACKAGE_CASE
        return Case(package, name, outcome, float(case.get("time", 0)), text)

    def texts(self, package, name):
        return [c.text for c in self.cases if (c.package, c.name) == (package, name)]

    def all_text(self, package):
        return self.suite_text[package] + "".join(c.text for c in self.cases if c.package == package)


# XML 1.0 can't hold all that a test prints. We show it as \x1b, others as U+FFFD.
SHOWN = re.compile("\\\\x[0-9a-f]{2}|\\\\u[0-9a-f]{4}|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def lines_of(text):
    lines = (SHOWN.sub("\ufffd", line.rstrip()) for line in text.split("\n"))
    return [line for line in lines if line and not FRAME.match(line)]


def check_text(what, wanted, texts, known=()):
    """Each line of `wanted` is in one of the texts, unless that one was cut, or is one of those that say nothing."""
    wanted = [line for line in lines_of(wanted) if line not in known]
    for text in texts:
        have = set(lines_of(text))
        if LEFT_OUT.search(text) or all(line in have for line in wanted):
            return
    have = set(lines_of("\n".join(texts)))
    missing = [line for line in wanted if line not in have]
    complain(f"{what}: {len(missing)} lines are missing, such as {(missing or ['(not in one case)'])[0][:120]!r}")


# --- checks ----------------------------------------------------------------------------------------------------------

def check_against_stream(stream, ours):
    want = collections.Counter((package, test, outcome) for package, test, outcome, _ in stream.ends)
    have = collections.Counter((c.package, c.name, c.outcome) for c in ours.cases
                               if c.package != "redflag" and c.name != PACKAGE_CASE)
    for key in (want - have):
        complain(f"not in ours: {key}")
    for key in (have - want):
        complain(f"in ours, but not in the stream: {key}")
    times = collections.defaultdict(list)
    for c in ours.cases:
        times[c.package, c.name, c.outcome].append(c.time)
    for package, test, outcome, elapsed in stream.ends:
        if elapsed is not None and not any(abs(t - elapsed) < 0.0006 for t in times[package, test, outcome]):
            complain(f"time of {package} {test}: {elapsed} is none of {times[package, test, outcome]}")
    for (package, test), texts in stream.said.items():
        for text in texts:
            # A benchmark begins with a line that is its name.
            check_text(f"output of {package} {test}", text, ours.texts(package, test), [test])
    for package, build in stream.failed_builds.items():
        if build:
            check_text(f"build of {package}", stream.builds[build], ours.texts(package, PACKAGE_CASE))


# The words that others put in place of a message.
WORDS = ["Failed", "Skipped", "No test result found", "Build error", "Runtime error"]


def check_case(name, stream, ours, other_case, how_often):
    """1 when the other program contradicts the stream, else 0."""
    c = other_case
    key = (c.package, c.name, c.outcome)
    same = [o for o in ours.cases if (o.package, o.name, o.outcome) == key]
    ended = any((package, test) == key[:2] and elapsed is not None for package, test, _, elapsed in stream.ends)
    if c.package not in stream.all_packages:            # made up from what a test printed
        return 1
    if not ended and stream.packages.get(c.package) == "passed" and c.outcome == "failed":
        return 1                                        # a benchmark of a package that passed
    if c.name == PACKAGE_CASE:
        if not any(o.package == c.package and o.outcome == "failed" for o in ours.cases):
            complain(f"only in {name}: {key}")
    elif how_often > len(same):
        complain(f"only in {name}: {key}")
    elif ended and not any(abs(o.time - c.time) < 0.0015 for o in same):
        complain(f"{name} has another time for {key}: {c.time}")
    if c.outcome != "passed":
        check_text(f"{name}, {key}", c.text, [ours.all_text(c.package)], [c.name, *WORDS])
    return 0


def same_value(a, b):
    try:
        return float(a) == float(b)
    except (TypeError, ValueError):
        return a == b


def check_against(name, stream, ours, other):
    wrong, seen = 0, collections.Counter()
    for c in other.cases:
        seen[c[:3]] += 1
        wrong += check_case(name, stream, ours, c, seen[c[:3]])
    for package, suite in other.suites.items():
        if package not in stream.all_packages:
            continue
        check_text(f"{name}, everything of {package}", other.suite_text[package], [ours.all_text(package)])
        if package not in ours.suites:
            complain(f"only in {name}: suite {package}")
            continue
        if set(suite.attrib) - {"id"} - set(ours.suites[package].attrib):
            complain(f"{name}: attributes of suite {package}: {sorted(suite.attrib)}")
    for (package, key), value in other.properties.items():
        if package and not same_value(ours.properties.get((package, key)), value):
            complain(f"{name}: property {key} of {package} is {value}, ours {ours.properties.get((package, key))}")
    for package, test, key, value in other.attributes:
        if not any(f"{key} {value}" in text for text in ours.texts(package, test)):
            complain(f"{name}: attribute {key}={value} of {package} {test}")
    return wrong


def check_totals(ours):
    counted = ("tests", ".//testcase"), ("failures", ".//failure"), ("errors", ".//error"), ("skipped", ".//skipped")
    for suite in [ours.root, *ours.suites.values()]:
        for attribute, path in counted:
            if attribute in suite.attrib and int(suite.get(attribute)) != len(suite.findall(path)):
                complain(f"{attribute} of {suite.get('name')} is {suite.get(attribute)} and not {len(suite.findall(path))}")
    for suite in ours.suites.values():
        for attribute in ("tests", "failures", "errors", "skipped"):
            if attribute not in suite.attrib:
                complain(f"suite {suite.get('name')} has no {attribute}")


def check_ctrf(path, ours):
    results = json.load(open(path, encoding="utf-8"))["results"]
    have = collections.Counter((t["suite"][0], SHOWN.sub("\ufffd", t["name"]), t["status"]) for t in results["tests"])
    want = collections.Counter((c.package, SHOWN.sub("\ufffd", c.name), c.outcome) for c in ours.cases)
    for key in (have - want) | (want - have):
        if key[0] != "redflag":
            complain(f"not the same in JUnit and CTRF: {key}")
    summary = results["summary"]
    for status in ("passed", "failed", "skipped"):
        if summary[status] != sum(n for key, n in have.items() if key[2] == status):
            complain(f"CTRF's summary: {status}")


def events_of(ours):
    """Occurrences that the findings tell of."""
    return sum(int(re.search(r"^(\d+) events?, last ", c.text, re.M).group(1)) for c in ours.cases if c.package == "redflag")


def main():
    stream = Stream(sys.argv[1])
    ours, gotestsum, go_junit_report = (Report(path) for path in sys.argv[2:5])
    check_against_stream(stream, ours)
    check_totals(ours)
    check_ctrf(sys.argv[5], ours)
    wrong = check_against("gotestsum", stream, ours, gotestsum), check_against("go-junit-report", stream, ours, go_junit_report)
    if events_of(ours) != stream.reports:
        complain(f"{stream.reports} reports in the stream, {events_of(ours)} events in ours")
    print(f"reports {stream.reports} redflag {events_of(ours)} gotestsum {gotestsum.reports} go-junit-report {go_junit_report.reports}")
    print(f"outcomes that contradict the stream: gotestsum {wrong[0]}, go-junit-report {wrong[1]}")
    for problem in problems[:20]:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

"""A test2json stream with many races: serve_sample.py MODULE DAY RUN. Which ones depends on RUN: see below."""
import json
import sys

EVIL = [
    "<script>alert('function')</script>", "\"><svg onload=alert(1)>", "javascript:alert(1)", "'; DROP TABLE findings; --",
    "\u202egnp.exe\u200b\u200d\ufeff\u2066", "a" * 4096, "</title></style></textarea><iframe src=//evil.example>",
    "&lt;b&gt; %3Cscript%3E {{7*7}} ${x}", "\x1b[31mred\x07", "日本語🏁",
]
BROKEN = "broken\udcff\udcfe"  # bytes that are no UTF-8


def race(module, package, name, line, address):
    caller = f"{module}/{package}/gen.go"
    return f"""==================
WARNING: DATA RACE
Write at 0x00c000{address:06x} by goroutine {address % 89 + 9}:
  example.com/shop/{package}.{name}()
      {caller}:{line} +0x44

Previous read at 0x00c000{address:06x} by goroutine 8:
  example.com/shop/{package}.Total()
      {caller}:{line + 9} +0x33

Goroutine {address % 89 + 9} (running) created at:
  example.com/shop/{package}.Test{package.upper()}()
      {module}/{package}/gen_test.go:7 +0x44
  testing.tRunner()
      /usr/local/go/src/testing/testing.go:1934 +0x21

Goroutine 8 (finished) created at:
  example.com/shop/{package}.Test{package.upper()}()
      {module}/{package}/gen_test.go:8 +0x44
  testing.tRunner()
      /usr/local/go/src/testing/testing.go:1934 +0x21
==================
"""


def chosen(run):
    """Package and function of what this run sees."""
    every = [(f"p{i // 30}", f"F{i:03}") for i in range(300)]
    if run in (3, 7):
        yield from every if run == 3 else every[:40]
        for name in EVIL + [BROKEN]:
            yield "odd", name
    else:
        yield from every[run::run]
    for _ in range(6):  # so often that it is silenced
        yield "p1", "Loud"


def main():
    module, day, run = sys.argv[1], sys.argv[2], int(sys.argv[3])
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", errors="surrogateescape", buffering=1 << 20)

    def event(minute, action, **fields):
        text = json.dumps({"Time": f"{day}T09:{minute:02}:00Z", "Action": action, **fields}, ensure_ascii=False)
        out.write(text + "\n")

    packages = {}
    for package, name in chosen(run):
        packages.setdefault(package, []).append(name)
    for at, (package, names) in enumerate(packages.items()):
        path, test = f"example.com/shop/{package}", f"Test{package.upper()}"
        event(at, "start", Package=path)
        event(at, "run", Package=path, Test=test)
        for i, name in enumerate(names):
            for line in race(module, package, name, 10 + i, 4096 * (at + 1) + 16 * i + run).splitlines(keepends=True):
                event(at, "output", Package=path, Test=test, Output=line)
        event(at, "output", Package=path, Test=test, Output=f"--- FAIL: {test} (0.10s)\n")
        event(at, "fail", Package=path, Test=test, Elapsed=0.1)
        event(at, "run", Package=path, Test="TestFine")
        event(at, "pass" if run % 2 else "skip", Package=path, Test="TestFine", Elapsed=0.1)
        event(at, "fail", Package=path, Elapsed=0.2)
    out.flush()


main()

"""Checks of tests/e2e/dashboards.sh, one a word; each prints what is wrong and exits with 1.

    documented DATABASE DOCUMENT        every view is documented with its columns, and no other is
    grafana DASHBOARD DATABASE          structure: ids, places, data source, a panel for each view
    panels DASHBOARD DIRECTORY          writes each panel's SQL with macros replaced; the first line is its title
    rows JSON SQL                       there are rows, and the column of a time series is a time
    wait URL                            until it answers
    datasette URL METADATA DATABASE     each canned query gives rows; pages, facets and search respond
    quiet LOG                           no traceback
"""
import json
import os
import re
import sqlite3
import sys
import time
import urllib.parse
import urllib.request
from datetime import datetime, timezone

FROM, TO = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 12, 31, tzinfo=timezone.utc)


def views_of(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = [n for n, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'view' AND name GLOB 'v_*'")]
    return {n: [c for _, c, *_ in database.execute(f"PRAGMA table_info({n})")] for n in names}


def documented(path, document):
    bad, views, text = [], views_of(path), open(document).read()
    groups = {word: re.findall(r"\w+", re.search(re.escape(f'"{word}"') + r",[^`]*`([^`]*)`", text).group(1))
              for word in ("states", "verdicts")}
    said = {}
    for name, columns in re.findall(r"`(v_\w+)\(([^)]*)\)`", text):
        said[name] = re.findall(r"\w+", columns)
    for name, columns in re.findall(r"^\| (v_\w+) \|.*\| ([^|]*) \|$", text, re.M):
        said[name] = [c for part in re.findall(r"`[^`]*`|states|verdicts", columns)
                      for c in groups.get(part) or re.findall(r"\w+", part)]
    table = text[text.index("| id |"):]
    said["v_findings"] = [c for line in re.findall(r"^\| ([a-z_, ]+) \|", table[:table.index("\n\n`v_events")], re.M)
                          for c in line.split(", ") if c.strip()]
    order = {"v_findings": sorted}  # its table tells together what belongs together
    for name in sorted(set(views) | set(said)):
        sort = order.get(name, list)
        if sort(views.get(name, [])) != sort(said.get(name, [])):
            bad.append(f"{name}\n  has        {views.get(name)}\n  documented {said.get(name)}")
    return bad


def grafana(path, database):
    bad, dashboard = [], json.load(open(path))
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    if variables["datasource"]["type"] != "datasource" or variables["datasource"]["query"] != "frser-sqlite-datasource":
        bad.append("the variable datasource does not choose a SQLite data source")
    panels = dashboard["panels"]
    if len({p["id"] for p in panels}) != len(panels):
        bad.append("two panels have one id")
    taken = {}
    for p in panels:
        g = p["gridPos"]
        if g["x"] < 0 or g["x"] + g["w"] > 24 or g["w"] < 1 or g["h"] < 1:
            bad.append(f"{p['title']} leaves the grid")
        for cell in ((x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])):
            if cell in taken:
                bad.append(f"{p['title']} lies over {taken[cell]}")
                break
            taken[cell] = p["title"]
        for target in p["targets"]:
            if not p["datasource"] == target["datasource"] == {"type": "frser-sqlite-datasource", "uid": "${datasource}"}:
                bad.append(f"{p['title']} has another data source")
            if target["queryText"] != target["rawQueryText"]:
                bad.append(f"{p['title']}: queryText and rawQueryText differ")
            if target["queryType"] == "time series" and target["timeColumns"] != ["time"]:
                bad.append(f"{p['title']} is a time series without a time")
            if p["type"] == "timeseries" and target["queryType"] != "time series":
                bad.append(f"{p['title']} draws a table over time")
    for p in panels:  # states that something is to be fixed in stand together
        for text in (t["rawQueryText"] for t in p["targets"]):
            if "findings_regressed" in text and not all(f"findings_{s}" in text for s in ("new", "baseline", "recurring")):
                bad.append(f"{p['title']} leaves out findings of the baseline")
    sql = " ".join(t["rawQueryText"] for p in panels for t in p["targets"])
    bad += [f"no panel asks {view}" for view in views_of(database) if view not in ("v_findings", "v_search") and not re.search(rf"\b{view}\b", sql)]
    return bad


def replace_macros(sql):
    """As Grafana ($__from, $__to) and the plugin ($__unixEpochGroupSeconds) do it; anything else is unknown to them."""
    def group(match):
        column, seconds, *rest = [part.strip() for part in match.group(1).split(",")]
        assert not rest or rest == ["NULL"], rest
        return f"cast(({column} / {int(seconds)}) as int) * {int(seconds)}"
    sql = re.sub(r"\$__unixEpochGroupSeconds\(([^)]*)\)", group, sql)
    sql = sql.replace("$__from", str(int(FROM.timestamp() * 1000))).replace("$__to", str(int(TO.timestamp() * 1000)))
    assert "$" not in sql, sql
    return sql


def panels(path, directory):
    os.mkdir(directory)
    for p in json.load(open(path))["panels"]:
        for i, target in enumerate(p["targets"]):
            with open(f"{directory}/{p['id']:02}-{i}.sql", "w") as out:
                out.write(f"-- {p['title']}\n-- {target['queryType']} {' '.join(target['timeColumns'])}\n")
                out.write(replace_macros(target["rawQueryText"]) + "\n")
    return []


def rows(path, sql):
    found, head = json.load(open(path)), open(sql).read().split("\n")
    if not found:
        return ["no rows"]
    if head[1].endswith(" time"):
        for row in found:  # what the plugin takes for a time: seconds, or RFC 3339
            if not isinstance(row["time"], int):
                datetime.strptime(re.sub(r"\.\d+", "", row["time"]), "%Y-%m-%dT%H:%M:%SZ")
    if head[1].startswith("-- time series"):
        times = [row["time"] for row in found]
        if times != sorted(times):
            return ["a time series has to go forward in time"]
    if all(value is None for row in found for value in row.values()):
        return ["nothing but NULL"]
    return []


def get(url, as_json=True):
    with urllib.request.urlopen(url, timeout=60) as answer:
        body = answer.read()
    return json.loads(body) if as_json else body.decode()


def wait(url):
    for _ in range(300):
        try:
            get(url + "/-/versions.json")
            return []
        except OSError:
            time.sleep(0.1)
    return ["no answer in 30 seconds"]


def attempt(bad, what, call):
    try:
        wrong = call()
    except Exception as e:  # pylint: disable=broad-except
        wrong = f"{e} {e.read()[:300] if hasattr(e, 'read') else ''}"
    if wrong:
        bad.append(f"{what}: {wrong}")


def datasette(url, metadata, database):
    import yaml  # Datasette brings it along

    base, bad, views = url + "/redflag", [], views_of(database)
    told = yaml.safe_load(open(metadata))["databases"]["redflag"]
    values = {"tag": "team:service3", "text": "F77"}
    for name, query in told["queries"].items():
        arguments = urllib.parse.urlencode({p: values[p] for p in query.get("params", [])} | {"_shape": "array"})
        attempt(bad, name, lambda: None if get(f"{base}/{name}.json?{arguments}") else "no rows")
        attempt(bad, name, lambda: None if query["title"] in get(f"{base}/{name}?{arguments}", False) else "no title on its page")
    asked = " ".join(query["sql"] for query in told["queries"].values())
    bad += [f"no question to {view}" for view in views if not re.search(rf"\b{view}\b", asked)]
    bad += [f"{view} has no title and description" for view in views
            if not {"title", "description"} <= set(told["tables"].get(view, {}))]
    bad += [f"{view} is described, but there is none" for view in told["tables"] if view not in views]
    for view, table in told["tables"].items():
        attempt(bad, view, lambda: None if get(f"{base}/{view}.json?_shape=array&_size=5") else "no rows")
        attempt(bad, view, lambda: None if table["description"] in get(f"{base}/{view}", False) else "no description on its page")
        bad += [f"{view} has no column {c}" for c in table.get("columns", {}) if c not in views.get(view, [])]
        bad += [f"{view} has no column {c} to sort by" for c in table.get("sortable_columns", []) if c not in views.get(view, [])]
    attempt(bad, "facets", lambda: None if get(f"{base}/v_findings.json?_facet=tag")["facet_results"]["tag"]["results"] else "none")
    attempt(bad, "search", lambda: None if get(f"{base}/v_findings.json?_shape=array&_search=F77") else "finds nothing")
    attempt(bad, "search for a name", lambda: None if get(f"{base}/v_findings.json?_shape=array&_search=team%3Aservice3") else "none")
    attempt(bad, "the next page", lambda: None if get(get(f"{base}/v_findings.json?_size=10")["next_url"])["rows"] else "no rows")
    attempt(bad, "CSV", lambda: None if get(f"{base}/v_new_by_day.csv", False).startswith("day,findings") else "another head")
    return bad


def quiet(path):
    log = open(path).read()
    return [log] if "Traceback" in log or "ERROR" in log else []


wrong = globals()[sys.argv[1]](*sys.argv[2:])
print("\n".join(wrong))
sys.exit(1 if wrong else 0)

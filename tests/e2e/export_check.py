"""Checks for export.sh: is a file what its format says? Usage: export_check.py FORMAT FILE... [--schema FILE]

Prints what is wrong and exits with 1. Exits with 77 when the package that a check needs isn't installed.
"""
import base64
import html.parser
import json
import re
import sys
import xml.etree.ElementTree as ET

problems = []


def complain(file, sentence):
    problems.append(f"{file}: {sentence}")


def need(name):
    try:
        return __import__(name, fromlist=["*"])
    except ImportError:
        print(f"the Python package {name} is not installed")
        sys.exit(77)


def by_schema(file, document, schema):
    jsonschema = need("jsonschema")
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in list(validator.iter_errors(document))[:5]:
        complain(file, f"{list(error.absolute_path)}: {error.message[:300]}")


def sarif(file, text, schema):
    document = json.loads(text)
    by_schema(file, document, schema)
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                complain(file, "ruleIndex and ruleId disagree")
            if not result["locations"]:
                complain(file, "a result without a location, which code scanning refuses")
            flows = result.get("codeFlows", [{"threadFlows": [{"locations": [1]}]}])[0]["threadFlows"]
            if not 1 <= len(flows) <= 2 or any(not flow["locations"] for flow in flows):
                complain(file, "thread flows")
            if not re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["redflagFingerprint/v1"]):
                complain(file, "fingerprint")


# Jenkins' schema (xunit plugin, junit-10.xsd) by hand, and the order that older schemas want.
JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, ["testsuite"]),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
                  ["properties", "testcase", "system-out"]),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"name", "classname", "time"}, ["skipped", "error", "failure", "system-out"]),
    "error": ({"message", "type"}, []),
    "failure": ({"message", "type"}, []),
    "skipped": ({"message", "type"}, []),
    "system-out": (set(), []),
}
JUNIT_REQUIRED = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}, "property": {"name", "value"}}


def junit_element(file, element):
    attributes, children = JUNIT[element.tag]
    if set(element.attrib) - attributes or JUNIT_REQUIRED.get(element.tag, set()) - set(element.attrib):
        complain(file, f"attributes of {element.tag}: {sorted(element.attrib)}")
    order = [children.index(child.tag) if child.tag in children else -1 for child in element]
    if -1 in order or order != sorted(order):
        complain(file, f"elements in {element.tag}: {[child.tag for child in element]}")
    if "time" in element.attrib and not re.fullmatch(r"[0-9]+\.[0-9]{3}", element.attrib["time"]):
        complain(file, f"time {element.attrib['time']}")
    for child in element:
        junit_element(file, child)


def junit(file, text, _schema):
    root = ET.fromstring(text)
    junit_element(file, root)
    for suite in [root, *root.iter("testsuite")]:
        for attribute, path in (("tests", ".//testcase"), ("failures", ".//failure"), ("errors", ".//error"), ("skipped", ".//skipped")):
            if attribute in suite.attrib and int(suite.attrib[attribute]) != len(suite.findall(path)):
                complain(file, f"{attribute} of {suite.attrib['name']} is not the number of its cases")


class Tags(html.parser.HTMLParser):
    VOID = {"meta", "br", "input", "hr", "img", "link"}

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes, self.text = [], set(), set(), ""

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.seen.add(f"unbalanced {tag}")

    def handle_data(self, data):
        self.text += data


PAGE_TAGS = set("html head meta title style body main h1 h2 h3 p a span nav ol li details summary article dl dt dd div section "
                "code table thead tbody tr th td strong footer svg desc g line path rect circle text".split())
PAGE_ATTRIBUTES = set("lang charset http-equiv content name class id href aria-label scope colspan role aria-labelledby viewbox "
                      "x y x1 y1 x2 y2 cx cy r rx width height d".split())


def page(file, text, _schema):
    tags = Tags()
    tags.feed(text)
    tags.close()
    if tags.open or tags.seen - PAGE_TAGS or tags.attributes - PAGE_ATTRIBUTES:
        complain(file, f"tags {sorted(tags.seen - PAGE_TAGS)} {tags.open}, attributes {sorted(tags.attributes - PAGE_ATTRIBUTES)}")
    if re.search(r'href="(?!#finding-\d+")', text) or "src=" in re.sub("<[^>]*>", "", text) and "<img" in text:
        complain(file, "a link that leaves the page")


COMMENT_TAGS = set("h3 p code table thead tbody tr th td br details summary pre".split())


def markdown(file, text, _schema):
    cmarkgfm = need("cmarkgfm")
    tags = Tags()
    tags.feed(cmarkgfm.github_flavored_markdown_to_html(text, options=cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE))
    if tags.open or tags.seen - COMMENT_TAGS:
        complain(file, f"tags {sorted(tags.seen - COMMENT_TAGS)} {tags.open}")
    if re.search(r"(^|\W)@\w", re.sub(r"<pre>.*?</pre>", "", text, flags=re.S)):
        complain(file, "somebody is mentioned")


def ctrf(file, text, schema):
    document = json.loads(text)
    by_schema(file, document, schema)
    summary, tests = document["results"]["summary"], document["results"]["tests"]
    for status in ("passed", "failed", "skipped"):
        if summary[status] != sum(test["status"] == status for test in tests):
            complain(file, f"summary of {status}")


def with_base64_ids(value):
    """OTLP/JSON has IDs in hex, protobuf's JSON in base64."""
    if isinstance(value, list):
        return [with_base64_ids(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ("traceId", "spanId", "parentSpanId")
            else with_base64_ids(v) for k, v in value.items()}


def otlp(file, text, _schema):
    service = need("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    json_format = need("google.protobuf.json_format")
    request = json_format.ParseDict(with_base64_ids(json.loads(text)), service.ExportTraceServiceRequest())
    spans = request.resource_spans[0].scope_spans[0].spans
    ids = {span.span_id for span in spans}
    if len(ids) != len(spans) or any(len(span.trace_id) != 16 or len(span.span_id) != 8 for span in spans):
        complain(file, "IDs of spans")


def plain_json(file, text, _schema):
    document = json.loads(text)
    if document["version"] != 1:
        complain(file, "version")
    for finding in document["findings"]:
        for side in finding["sides"]:
            if "goroutine" in side and side["goroutine"] >= len(finding["goroutines"]):
                complain(file, "a goroutine that isn't there")


def github(file, text, _schema):
    for line in text.splitlines():
        if not re.fullmatch(r"::(error|warning|notice) [^\r\n]*?::[^\r\n]*", line):
            complain(file, f"no workflow command: {line[:200]}")
        properties = line.split("::")[1].split(" ", 1)[1]
        for value in properties.split(","):
            if not re.fullmatch(r"(file|line|title)=[^:,]*", value):
                complain(file, f"a property that isn't escaped: {value[:200]}")


CHECKS = {"sarif": sarif, "junit": junit, "html": page, "markdown": markdown, "ctrf": ctrf, "otlp": otlp, "json": plain_json,
          "github": github}


def main():
    arguments, schema = sys.argv[2:], None
    if "--schema" in arguments:
        at = arguments.index("--schema")
        with open(arguments[at + 1], encoding="utf-8") as f:
            schema = json.load(f)
        del arguments[at:at + 2]
    for file in arguments:
        with open(file, "rb") as f:
            CHECKS[sys.argv[1]](file, f.read().decode("utf-8"), schema)
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()

"""Pages of `redflag serve` in a real browser: serve_browser.py URL TOKEN DATABASE LIST WORK. LIST is the suppression list's path.

Prints a line a check (checks.py). $RF_SCREENSHOTS names a directory for pictures.
"""
import contextlib
import os
import sqlite3
import sys
import urllib.error
import urllib.parse
import urllib.request

from browser import HERE, PHONE, WIDE, Browser
from checks import check, equal

URL, TOKEN, DATABASE, LIST, WORK = sys.argv[1:]
SHOTS = os.environ.get("RF_SCREENSHOTS") or f"{WORK}/shots"
LOOKS = [(WIDE, False), (WIDE, True), (PHONE, False), (PHONE, True)]


def ask(sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)) as database:
        return [row[0] for row in database.execute(sql, values)]


def finding(where):
    return ask(f"SELECT id FROM v_findings WHERE {where} ORDER BY id LIMIT 1")[0]


# What is wrong with a page as it is laid out; each script gives a list of sentences.
FLAWS = {
    "sticks out": """
        const wide = document.documentElement.clientWidth, bad = [];
        if (document.documentElement.scrollWidth > wide) bad.push('the page scrolls sideways');
        for (const e of document.body.querySelectorAll('*')) {
            const box = e.getBoundingClientRect();
            if (box.width && box.right > wide + 1 && !e.closest('.scroll, svg, .unseen, .skip, thead, caption'))
                bad.push(e.tagName + '.' + e.className + ' ends at ' + Math.round(box.right));
        }
        return bad.slice(0, 5);""",
    "contrast": """
        const bad = [], seen = new Set(), probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        const rgb = c => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = c; probe.fillRect(0, 0, 1, 1);
            return [...probe.getImageData(0, 0, 1, 1).data]; };
        const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b; };
        const back = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
            if (rgb(c)[3] === 255) return c; } return getComputedStyle(document.documentElement).colorScheme && 'Canvas'; };
        for (const e of document.body.querySelectorAll('*')) {
            if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.closest('.unseen, .skip, option') ||
                !e.getClientRects().length || !e.checkVisibility() || ['TITLE', 'DESC', 'title', 'desc'].includes(e.tagName)) continue;
            const s = getComputedStyle(e), front = e instanceof SVGElement ? s.fill : s.color, behind = back(e);
            let opacity = 1; for (let a = e; a; a = a.parentElement) opacity *= getComputedStyle(a).opacity;
            const f = rgb(front), b = rgb(behind), mix = f.map((v, i) => v * opacity + b[i] * (1 - opacity));
            const [hi, lo] = [light(mix), light(b)].sort((x, y) => y - x), ratio = (hi + .05) / (lo + .05);
            const kind = e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + ratio.toFixed(1);
            if (ratio < 4.5 && !seen.has(kind)) { seen.add(kind); bad.push(kind + ' ' + e.textContent.trim().slice(0, 20)); }
        }
        return bad.slice(0, 5);""",
    "markup": """
        const bad = [], one = s => { const n = document.querySelectorAll(s).length; if (n !== 1) bad.push(n + ' times ' + s); };
        ['h1', 'main', 'title'].forEach(s => s === 'title' ? one('head > title') : one(s));
        const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
        ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => bad.push('two elements have the id ' + id));
        if (document.querySelectorAll('script, iframe, object, embed, base, [style]').length) bad.push('an element that no page has');
        for (const e of document.querySelectorAll('*')) for (const a of e.attributes) {
            if (a.name.startsWith('on')) bad.push(e.tagName + ' has ' + a.name);
            if (['href', 'src', 'action'].includes(a.name) && !/^([#?]|\\/(?!\\/))/.test(a.value)) bad.push(a.name + ' ' + a.value);
        }
        document.querySelectorAll('svg[role=img]').forEach(e => e.querySelector('title')?.textContent || bad.push('a drawing without title'));
        document.querySelectorAll('img').forEach(e => e.alt || bad.push('a picture without alt'));
        if (!document.documentElement.lang) bad.push('no language');
        return bad.slice(0, 5);""",
}
NAMED_ROLES = {"link", "button", "textbox", "searchbox", "combobox", "checkbox", "image", "img", "table", "navigation", "complementary",
               "region", "form", "DisclosureTriangle", "Date"}


def unnamed_controls(browser):
    """Controls and pictures that a screen reader has no name for."""
    bad = []
    for node in browser.cdp("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if not node.get("ignored") and role in NAMED_ROLES - {"form", "region"} and not node.get("name", {}).get("value", "").strip():
            bad.append(role)
    return bad


def check_page(browser, name, path):
    with check(f"{name}: laid out, named, and quiet, wide and narrow, light and dark"):
        browser.look(*LOOKS[0])
        browser.open(URL + path)
        backs = {}
        for size, dark in LOOKS:
            browser.look(size, dark)
            look = f"{size[0]} {'dark' if dark else 'light'}"
            for kind, script in FLAWS.items():
                flaws = browser.script(script)
                assert not flaws, f"{look}, {kind}: {flaws}"
            backs[dark] = browser.script("return getComputedStyle(document.body).backgroundColor")
            browser.screenshot(f"{SHOTS}/{name}-{look.replace(' ', '-')}.png")
        assert backs[False] != backs[True], "dark looks like light"
        equal([], unnamed_controls(browser))
        check_quiet(browser)


def check_quiet(browser, statuses=()):
    """No error in the console but the page's own status, nothing asked of anybody else, no dialog."""
    equal(None, browser.alert())
    equal([], [m for m in browser.complaints() if not any(f"status of {s}" in m for s in statuses)])
    equal([], [r for r in browser.requests() if not r.startswith((URL + "/", "data:")) and r != "about:blank"])


def check_names(browser):
    """What breaks out of nowhere is there as text."""
    for text, where in (("<script>alert('function')</script>", "title LIKE '%script>alert(''function%'"),
                        ("javascript:alert(1)", "title LIKE '%javascript:%'"),
                        ("'; DROP TABLE findings; --", "title LIKE '%DROP TABLE%'"), ("日本語🏁", "title LIKE '%日本語%'"),
                        ("<script>alert('test')</script>", "tag LIKE '<script>%'"), ("\"><img src=x onerror=alert(1)>", "tag LIKE '%onerror%'")):
        with check(f"shown as it is: {text}"):
            browser.open(f"{URL}/findings/{finding(where)}")
            assert text in browser.find("main").text(), browser.find("main").text()[:300]
            check_quiet(browser)
    with check("a name that turns the writing direction doesn't"):
        browser.open(f"{URL}/findings/{finding('title LIKE char(37) || char(8238) || char(37)')}")
        assert "\\u202e" in browser.find("h1").text()
    with check("a name of four thousand letters and one that is no UTF-8"):
        browser.look(PHONE)
        browser.open(f"{URL}/findings/{finding('length(title) > 4000')}")
        equal([], browser.script(FLAWS["sticks out"]))
        browser.open(f"{URL}/findings/{finding('title LIKE char(37) || char(65533) || char(37)')}")
        assert "broken\ufffd\ufffd" in browser.find("h1").text()
        check_quiet(browser)
    with check("a name of four thousand letters leaves room for the others in a list"):
        for size in (PHONE, WIDE):
            browser.look(size)
            browser.open(f"{URL}/findings?q={'a' * 4096}")
            equal(1, len(rows(browser)))
            assert browser.script("return document.querySelector('table.findings tbody tr').offsetHeight") < 250


def check_heat(browser):
    """As many tags and packages as the page shows at most, with long names; the sample has fewer."""
    with check("a heat map of twelve packages fits, wide and on a phone"):
        browser.open(URL + "/")
        for size in (WIDE, PHONE):
            browser.look(size)
            equal([13, 0], browser.script("""
                for (const row of document.querySelectorAll('.heat tr')) {
                    while (row.cells.length < 13) row.append(row.cells[row.cells.length - 1].cloneNode(true));
                    if (row.rowIndex) row.cells[0].firstChild.textContent = 'example.com/a-long/import/path/of/service' + row.rowIndex;
                    for (const a of row.querySelectorAll('td a')) a.textContent = '99';
                }
                const map = document.querySelector('.heat'), box = map.closest('.scroll');
                return [map.rows[0].cells.length, box.scrollWidth - box.clientWidth];"""))
        browser.look(WIDE)


FOCUS = """const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
    window.walked = window.walked || [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
        .filter(x => x.checkVisibility());
    return [window.walked.indexOf(e), e.tagName, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0,
            box.width > 0 && box.right > 0 && box.left < innerWidth, window.walked.length];"""


def check_keyboard(browser):
    with check("Tab goes through links and controls in their order, and it shows where it is"):
        for path in ("/", f"/findings/{finding('1')}"):
            browser.open(URL + path)
            browser.script("document.activeElement.blur()")
            expected = 0
            while True:
                browser.key("Tab")
                index, tag, outlined, visible, count = browser.script(FOCUS)
                if index < 0 and expected:  # a box that scrolls may be focused too, or the end is reached
                    if tag == "BODY":
                        break
                    continue
                equal(expected, index)
                assert outlined and visible, f"{tag} number {index} has the focus, and nothing shows it"
                expected += 1
                if expected == count:
                    break
            assert expected > 10, expected
    with check("Enter follows a link, and the first Tab offers to skip to the content"):
        browser.open(URL + "/findings")
        browser.key("Tab")
        equal("#main", browser.script("return document.activeElement.getAttribute('href')"))
        browser.key("Enter")
        browser.wait(lambda: browser.script("return document.activeElement.id") == "main", "the content has the focus")
        browser.script("document.querySelector('tbody a').focus()")
        browser.key("Enter")
        browser.wait(lambda: "/findings/" in browser.url(), "the finding's page")


def rows(browser, css="table.findings tbody tr"):
    return browser.find_all(css)


def check_list(browser):
    with check("search finds a function, and the page says what was asked"):
        browser.open(URL + "/")
        box = browser.find("header input[type=search]")
        box.type("F123")
        browser.follow(browser.find("header form button"))
        equal(1, len(rows(browser)))
        assert "F123" in rows(browser)[0].text()
        equal("F123", browser.find("header input[type=search]").attribute("value"))
    with check("search takes anything for text"):
        for text in ("'\"*() AND NOT ^:", "<script>alert(1)</script>", "%", "\u202e", "-- ;"):
            browser.open(f"{URL}/findings?q={urllib.parse.quote(text)}")
            browser.find("h1")
        check_quiet(browser)
    with check("a facet filters, and is taken away again"):
        browser.open(URL + "/findings")
        every = ask("SELECT count(*) FROM findings")[0]
        link = next(a for a in browser.find_all("aside a") if a.text().startswith("suppressed"))
        browser.follow(link)
        equal({"suppressed"}, {s.text() for s in browser.find_all("table.findings .badge") if s.text() != "first here"})
        equal(ask("SELECT count(*) FROM v_findings WHERE status = 'suppressed'")[0], len(rows(browser)))
        browser.follow(browser.find(".chips a"))
        assert str(every) in browser.find("h1 + p").text(), browser.find("h1 + p").text()
    with check("heads sort"):
        for name, column in (("Events", "events"), ("Finding", "title")):
            head = next(a for a in browser.find_all("table.findings thead a") if a.text() == name)
            browser.follow(head)
            first = browser.find("tbody .what a").text()
            want = ask("SELECT max(events) FROM findings")[0] if column == "events" else None
            if want:
                equal(want, ask("SELECT events FROM findings WHERE title = ? ORDER BY 1 DESC", first)[0])
            browser.find("th[aria-sort]")
    with check("pages of the list follow each other, and hold each finding once"):
        browser.open(URL + "/findings?sort=events")
        seen, pages = [], 0
        while True:
            seen += browser.script("return [...document.querySelectorAll('tbody .what a')].map(a => a.getAttribute('href'))")
            pages += 1
            following = browser.find_all(".pager a[rel=next]")
            if not following:
                break
            browser.follow(following[0])
        equal(ask("SELECT count(*) FROM findings")[0], len(seen))
        equal(len(seen), len(set(seen)))
        assert pages > 5 and browser.find_all(".pager a[rel=prev]")


def check_finding(browser):
    raced = finding("package LIKE '%shop/cart' AND kind = 'data-race'")
    with check("a finding: both sides, source, drawing, run"):
        browser.open(f"{URL}/findings/{raced}")
        equal(2, len(browser.find_all(".side")))
        assert "c.items[sku] += n" in browser.find(".source .here").text() or "range c.items" in browser.find(".source .here").text()
        equal("What ran before the race", browser.script("return document.querySelector('svg.timeline > title').textContent"))
        assert browser.find_all("svg.timeline rect") and len(browser.find_all("svg.timeline circle.mark")) >= 2
        browser.follow(browser.find(".which a"))
        assert "/runs/" in browser.url()
    with check("another occurrence of it"):
        browser.open(f"{URL}/findings/{raced}")
        first = browser.find("tr.shown").text()
        browser.follow(browser.find("tbody tr:not(.shown) th a"))
        assert browser.find("tr.shown").text() != first
    with check("many occurrences: earlier ones, and the latest again"):
        loud = finding("title LIKE '%p1.Loud%'")
        browser.open(f"{URL}/findings/{loud}")
        seen = 0
        while True:
            seen += len(browser.find_all("#occurrences tbody tr"))
            earlier = [a for a in browser.find_all(".pager a") if a.text() == "Earlier ones"]
            if not earlier:
                break
            browser.follow(earlier[0])
        equal(ask("SELECT events FROM findings WHERE id = ?", loud)[0], seen)
        browser.follow(next(a for a in browser.find_all(".pager a") if a.text() == "The latest"))
        assert browser.find_all(".trend rect") and "silenced" in browser.find("main").text()
    with check("by the start of its fingerprint"):
        browser.open(f"{URL}/findings/{ask('SELECT fingerprint FROM findings WHERE id = ?', raced)[0][:12]}")
        assert "cart" in browser.find("h1").text()


def check_compare(browser):
    with check("two runs compared, by the form"):
        browser.open(URL + "/compare")
        for name in ("a", "b"):
            browser.script("document.querySelector(`select[name=${arguments[0]}]`).value = arguments[1]", name,
                           {"a": "build-3", "b": "build-4"}[name])
        browser.follow(browser.find("main form button"))
        counts = [int(c.text()) for c in browser.find_all("h2 .count")]
        of_run = "SELECT finding_id FROM events WHERE run_id = (SELECT id FROM runs WHERE trace_id = 'build-%d')"
        equal([ask(f"SELECT count(*) FROM ({of_run % 4} EXCEPT {of_run % 3})")[0],
               ask(f"SELECT count(*) FROM ({of_run % 3} EXCEPT {of_run % 4})")[0],
               ask(f"SELECT count(*) FROM ({of_run % 3} INTERSECT {of_run % 4})")[0]], counts)
        # TestFine passed in the one and was skipped in the other, or its package did not run.
        assert any("TestFine" in r.text() for r in browser.find_all("section:last-of-type tbody tr"))
        check_quiet(browser)


def post(path, cookie=None, **form):
    request = urllib.request.Request(URL + path, urllib.parse.urlencode(form).encode(), {"Cookie": cookie} if cookie else {})
    try:
        with HERE.open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def read_list():
    with open(LIST, encoding="utf-8") as file:
        return file.read()


def check_writing(browser):
    target = finding("title LIKE '%p3.F100 %' OR title LIKE '%p3.F100'")
    before = read_list()
    with check("without the token there is no form, and a form is refused"):
        browser.open(f"{URL}/findings/{target}")
        equal([], browser.find_all("form[method=post][action^='/suppressions']"))
        equal(403, post("/suppressions/add", finding=target, reason="no"))
        equal(403, post("/suppressions/add", cookie="redflag=guess", form="guess", finding=target, reason="no"))
        equal(before, read_list())
    with check("with the token: a suppression by the form stands in the list's file"):
        browser.open(f"{URL}/?token={TOKEN}")
        assert TOKEN not in browser.url(), "the token stays in the address"
        browser.open(f"{URL}/findings/{target}")
        browser.find("#suppress input[name=reason]").type("off by one <b>at most</b>")
        browser.find("#suppress input[name=owner]").type("shop")
        browser.follow(browser.find("#suppress button"))
        new = read_list()
        assert new.startswith(before) or before in new, "what was there is gone"
        assert "F100" in new and "off by one <b>at most</b>" in new and "owner=shop" in new, new[len(before):]
        browser.open(URL + "/suppressions")
        assert "off by one <b>at most</b>" in browser.find("main").text()
        check_quiet(browser)
    with check("it can be expired by its button"):
        browser.open(URL + "/suppressions")
        line = next(i for i, text in enumerate(read_list().splitlines(), 1) if text.startswith("race") and "F100" in text)
        browser.follow(browser.find(f"form[action='/suppressions/expire'] input[name=line][value='{line}'] ~ button"))
        entry = next(block for block in read_list().split("\n\n") if "F100" in block)
        assert "expires=" in entry, entry
        row = next(r for r in browser.find_all("table.suppressions tbody tr") if "F100" in r.text())
        assert "expired" in row.text(), row.text()
        check_quiet(browser)
    with check("the form of another start, or none, is refused although the cookie is right"):
        cookie = "; ".join(f"{c['name']}={c['value']}" for c in browser.cdp("Network.getCookies", urls=[URL])["cookies"])
        assert cookie
        after = read_list()
        equal(403, post("/suppressions/add", cookie=cookie, finding=target, reason="no"))
        equal(403, post("/suppressions/add", cookie=cookie, form="0" * 32, finding=target, reason="no"))
        equal(after, read_list())


def main():
    os.makedirs(SHOTS, exist_ok=True)
    with Browser(WORK) as browser:
        browser.open("about:blank")
        browser.requests(), browser.complaints()
        run = ask("SELECT id FROM runs WHERE trace_id = 'build-3'")[0]
        cart = finding("package LIKE '%shop/cart'")
        pages = {"overview": "/", "findings": "/findings", "finding": f"/findings/{cart}",
                 "finding-text": f"/findings/{finding('length(title) > 4000')}", "finding-loud": f"/findings/{finding('events > 20')}",
                 "runs": "/runs", "run": f"/runs/{run}", "compare": "/compare?a=build-3&b=build-4", "suppressions": "/suppressions",
                 "health": "/health"}
        for name, path in pages.items():
            check_page(browser, name, path)
        check_heat(browser)
        check_names(browser)
        with check("an address that there isn't: a page that says so"):
            browser.open(URL + "/findings/999999")
            assert "no finding 999999" in browser.find("main").text()
            browser.open(URL + "/<script>alert(1)</script>")
            check_quiet(browser, statuses=(404,))
        check_keyboard(browser)
        check_list(browser)
        check_finding(browser)
        check_compare(browser)
        check_writing(browser)
        for name, path in (("suppress", f"/findings/{cart}"), ("suppressions-writing", "/suppressions")):
            check_page(browser, name, path)


main()

"""Attacks on `redflag serve`: serve_attack.py URL TOKEN PID MODULE. MODULE is the directory whose database is served.

Prints a line a check (checks.py). After each attack the server has to answer an honest request within DEADLINE_S. With
RF_ATTACK_LIGHT=1 memory isn't looked at (a sanitizer's is its own) and floods are shorter. It ends with the server's end.
"""
import contextlib
import functools
import hashlib
import http.client
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import sys
import threading
import time
import urllib.parse

import checks
from checks import equal

URL, TOKEN, PID, MODULE = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
PORT = urllib.parse.urlsplit(URL).port
HOST = f"127.0.0.1:{PORT}"
DATABASE, LIST = f"{MODULE}/.redflag/redflag.db", f"{MODULE}/.redflag.supp"
LIGHT = bool(os.environ.get("RF_ATTACK_LIGHT"))
DEADLINE_S = 20
RSS_MIB_MAX = 128
CONNECTIONS = 60 if LIGHT else 200
FLOOD_S = 1.5 if LIGHT else 3
random.seed(4)


# --- an honest client ----------------------------------------------------------------------------------------------

def ask(path, method="GET", body=None, headers=None, timeout=DEADLINE_S):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout)
    try:
        connection.putrequest(method, path, skip_host=bool(headers and "Host" in headers), skip_accept_encoding=True)
        data = None if body is None else urllib.parse.urlencode(body).encode() if isinstance(body, dict) else body
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if data is not None:
            if "Content-Type" not in (headers or {}):
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


def alive():
    """An honest request is answered, maybe at the second try: a flood may have taken the place of the first."""
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            status, body, _ = ask("/findings", timeout=5)
            assert status == 200 and b"</html>" in body, (status, body[:200])
            break
        except OSError:
            os.kill(PID, 0)
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
    if not LIGHT:
        with open(f"/proc/{PID}/status", encoding="ascii") as file:
            rss = int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024
        assert rss < RSS_MIB_MAX, f"{rss} MiB"


check = functools.partial(checks.check, then=alive)


def raw(data, wait=True, timeout=DEADLINE_S, silence_s=0.3):
    """What comes back for these bytes until the server closes or is silent for so long."""
    with socket.create_connection(("127.0.0.1", PORT), timeout) as s:
        got = b""
        with contextlib.suppress(OSError):
            s.sendall(data)
            s.settimeout(silence_s)
            while wait:
                part = s.recv(65536)
                if not part:
                    break
                got += part
        return got


def statuses(answer):
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3})", answer)]


def fingerprint():
    with contextlib.closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT * FROM findings ORDER BY id").fetchall() + database.execute(
            "SELECT name, sql FROM sqlite_master ORDER BY 1").fetchall()
    with open(LIST, "rb") as file:
        return hashlib.sha256(repr(rows).encode() + file.read()).hexdigest()


# --- floods --------------------------------------------------------------------------------------------------------

def crowd(first, drip=b"", every_s=0.3, small=False):
    """CONNECTIONS connections that send `first`, then `drip` again and again; an honest client must get through meanwhile."""
    sockets = []
    for _ in range(CONNECTIONS):
        s = socket.socket()
        if small:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            s.connect(("127.0.0.1", PORT))
        sockets.append(s)
    sent, end = set(), time.monotonic() + FLOOD_S
    honest = threading.Thread(target=through, args=(results := [],))
    honest.start()
    while time.monotonic() < end:
        for s in sockets:
            with contextlib.suppress(OSError):
                s.send(drip if s in sent else first)
                sent.add(s)
        time.sleep(every_s)
    honest.join()
    for s in sockets:
        s.close()
    assert results and results[0] is True, f"the honest client: {results}"


def through(results):
    time.sleep(0.5)
    try:
        alive()
        results.append(True)
    except Exception as error:
        results.append(error)


def floods():
    start = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: ".encode()
    with check(f"{CONNECTIONS} clients that send a byte now and then"):
        crowd(start, b"a")
    with check(f"{CONNECTIONS} clients that send nothing"):
        crowd(b"", b"")
    with check(f"{CONNECTIONS} clients that never read"):
        # Much output for little work: what is measured is patience and not the processor.
        crowd(f"GET /style.css HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode() * 60, small=True)
    with check(f"{CONNECTIONS} forms that come a byte at a time"):
        crowd(f"POST /suppressions/add HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
              "Content-Length: 60000\r\n\r\nfinding=".encode(), b"1")
    with check("connections opened and closed at once"):
        for _ in range(CONNECTIONS * 5):
            with contextlib.suppress(OSError):
                s = socket.create_connection(("127.0.0.1", PORT), 5)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # ends with a reset
                s.close()


# --- requests that are none ------------------------------------------------------------------------------------------

def malformed():
    h = f"Host: {HOST}\r\n"
    cases = {
        "bytes": bytes(range(256)) * 4, "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        "no version": b"GET /\r\n\r\n", "a method alone": b"GET\r\n\r\n", "version 9": f"GET / HTTP/9.9\r\n{h}\r\n".encode(),
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "no Host": b"GET / HTTP/1.1\r\n\r\n", "an empty Host": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "two Hosts": f"GET / HTTP/1.1\r\n{h}Host: evil.example\r\n\r\n".encode(), "a header without colon": f"GET / HTTP/1.1\r\n{h}oops\r\n\r\n".encode(),
        "a header of 100 KB": f"GET / HTTP/1.1\r\n{h}X: {'a' * 100000}\r\n\r\n".encode(),
        "5000 headers": f"GET / HTTP/1.1\r\n{h}{'X: a' * 1}\r\n{'X: aaaa' * 1}\r\n".encode() + b"X: a\r\n" * 5000 + b"\r\n",
        "a path of 100 KB": f"GET /{'a' * 100000} HTTP/1.1\r\n{h}\r\n".encode(),
        "a query of 12 KB": f"GET /findings?{'a=b&' * 3000} HTTP/1.1\r\n{h}\r\n".encode(),
        "a negative length": f"POST /suppressions/add HTTP/1.1\r\n{h}Content-Length: -1\r\n\r\n".encode(),
        "a length beyond 64 bits": f"POST /suppressions/add HTTP/1.1\r\n{h}Content-Length: {10 ** 30}\r\n\r\n".encode(),
        "a length that isn't one": f"POST /suppressions/add HTTP/1.1\r\n{h}Content-Length: 1e3\r\n\r\n".encode(),
        "two lengths": f"POST /suppressions/add HTTP/1.1\r\n{h}Content-Length: 3\r\nContent-Length: 60\r\n\r\nabc".encode(),
        "length and chunks": f"POST /suppressions/add HTTP/1.1\r\n{h}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1".encode(),
        "broken chunks": f"POST /suppressions/add HTTP/1.1\r\n{h}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc".encode(),
        "a chunk beyond 64 bits": f"POST /suppressions/add HTTP/1.1\r\n{h}Transfer-Encoding: chunked\r\n\r\n{'f' * 30}\r\nabc".encode(),
        "NUL in the path": f"GET /findings/1\0 HTTP/1.1\r\n{h}\r\n".encode(), "a bare line feed": f"GET / HTTP/1.1\n{h.strip()}\n\n".encode(),
        "CR in a header": f"GET / HTTP/1.1\r\n{h}X: a\rSet-Cookie: b\r\n\r\n".encode(), "folded headers": f"GET / HTTP/1.1\r\n{h}X: a\r\n b\r\n\r\n".encode(),
        "expecting to continue, then nothing": f"POST /sign-in HTTP/1.1\r\n{h}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n".encode(),
        "an upgrade": f"GET / HTTP/1.1\r\n{h}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n".encode(),
        "a million empty lines": b"\r\n" * 1000000,
    }
    for name, data in cases.items():
        with check(f"malformed: {name}"):
            answer = raw(data)
            assert not any(500 <= s < 600 and s not in (501, 505) for s in statuses(answer)), answer[:200]
            assert b"ASan" not in answer
    with check("a form of 1 MB is refused, announced or in chunks"):
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        answer = raw(f"POST /sign-in HTTP/1.1\r\n{h}{kind}Content-Length: 1000000\r\n\r\n".encode() + b"a" * 1000000)
        assert set(statuses(answer)) <= {413, 100}, answer[:200]
        answer = raw(f"POST /sign-in HTTP/1.1\r\n{h}{kind}Transfer-Encoding: chunked\r\n\r\n".encode() +
                     (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 40 + b"0\r\n\r\n")
        assert set(statuses(answer)) <= {413, 100}, answer[:200]
    with check("other methods"):
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 300):
            got = statuses(raw(f"{method} / HTTP/1.1\r\n{h}Connection: close\r\n\r\n".encode()))
            assert got == [405] or got == [400] or got == [501] or not got, (method, got)
        equal(405, ask("/findings", "POST", {"a": "b"})[0])
        equal(405, ask("/suppressions/add")[0])
        equal(b"", ask("/findings", "HEAD")[1])
    with check("fifty requests at once over one connection get fifty answers"):
        answer = raw(f"GET /style.css HTTP/1.1\r\n{h}\r\n".encode() * 49 +
                     f"GET /style.css HTTP/1.1\r\n{h}Connection: close\r\n\r\n".encode(), silence_s=5)
        equal([200] * 50, statuses(answer))
    with check("a request hidden in the body of another is not answered"):
        hidden = f"GET /health HTTP/1.1\r\n{h}\r\n".encode()
        answer = raw(f"GET / HTTP/1.1\r\n{h}Content-Length: {len(hidden)}\r\nConnection: close\r\n\r\n".encode() + hidden, silence_s=5)
        equal(1, len(statuses(answer)))


# --- files, statements, other sites ------------------------------------------------------------------------------------

PATHS = ["/../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/findings/..%2f..%2f..%2fetc%2fpasswd",
         "/runs/../../../etc/passwd", "//etc/passwd", "/\\..\\..\\etc\\passwd", "/style.css/../../../etc/passwd", "/style.css%00.html",
         "/findings/1%00", "/findings/%2e%2e", "/.redflag/redflag.db", "/%2fetc%2fpasswd", "/favicon.svg/", "/findings/1/2", "/file:///etc/passwd",
         f"http://{HOST}/../../etc/passwd", "/findings/1;/etc/passwd", "/findings/-1", "/findings/9223372036854775808", "/runs/1e3"]
VALUES = ["' OR 1=1 --", "1; DROP TABLE findings; --", "\" OR \"\"=\"", "') UNION SELECT sql, 1 FROM sqlite_master --", "*", "%", "NEAR(a b)",
          "\"", "a AND", "^col : x", "\0", "\xff\xfe", "<script>alert(1)</script>", "../../etc/passwd", "-1", "0", "999999999999999999999",
          "1e309", "a" * 6000, "{{7*7}}", "%s%n", "\r\nSet-Cookie: a=b", "é́\u202e", "2026-99-99", "1 day; --"]


def injection():
    before = fingerprint()
    with check("no address reaches a file"):
        for path in PATHS:
            status, body, _ = ask(path.replace(" ", "%20"))
            assert b"root:" not in body and b"SQLite format" not in body, path
            assert status in (400, 404), (path, status)
    with check("no parameter reaches a statement, or comes back as markup"):
        total = re.search(rb"([\d,]+|(?:\d+&#8239;)*\d+) findings", ask("/findings")[1])[1]
        for page, names in {"/findings": ("q", "kind", "tag", "status", "test", "package", "since", "sort", "page", "token"),
                            "/findings/1": ("event", "before"), "/compare": ("a", "b"), "/runs": ("page",), "/runs/1": ("page",),
                            "/": ("days", "tag"), "/suppressions": ("page", "finding", "done"), "/health": ("x",)}.items():
            for name in names:
                for value in VALUES:
                    query = urllib.parse.quote(value, safe="", encoding="latin-1" if "\xff" in value else "utf-8")
                    status, body, headers = ask(f"{page}?{name}={query}" + ("&b=build-3" if name == "a" else "&a=build-3" if name == "b" else ""))
                    assert status in (200, 400, 404), (page, name, value[:40], status, body[:2000])
                    assert b"<script" not in body and "a" not in headers.get("Set-Cookie", ""), (page, name, value)
                    if page == "/findings" and name in ("tag", "status", "package", "test", "kind") and "OR" in value:
                        assert total + b" findings" not in body, (name, value)
        equal(before, fingerprint())
    with check("broken escapes and thousands of parameters"):
        for query in ("%", "%%%", "%zz", "q=%e2%82", "&&&===", "q=" + "%25" * 1000, "a&" * 99, "q=a&q=b&q=c", "=" * 3000):
            assert ask(f"/findings?{query}")[0] in (200, 400), query[:20]
        for query in ("a&" * 101, "a=b&" * 300, "a&" * 5000, "a&" * 98 + "b=" + "x" * 12000, "b=" + "x" * 9000):
            equal([414], statuses(raw(f"GET /findings?{query} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())))
    with check("searches that cost"):
        threads = [threading.Thread(target=ask, args=(f"/findings?q={urllib.parse.quote(' '.join(['com exa hop'] * 30))}&page={i}",))
                   for i in range(30)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


def other_sites():
    before = fingerprint()
    with check("another name that points here (DNS rebinding) gets nothing"):
        for host in ("evil.example", f"evil.example:{PORT}", f"127.0.0.1.evil.example:{PORT}", f"localhost.evil.example:{PORT}", "0.0.0.0",
                     f"user@127.0.0.1:{PORT}", "127.0.0.1:80:80", "[::1", "127.1", "2130706433", "", " "):
            status, body, _ = ask("/findings", headers={"Host": host})
            assert status in (400, 403) and b"shop" not in body, (host, status)
        for host in (HOST, f"localhost:{PORT}", f"[::1]:{PORT}", "localhost"):
            equal(200, ask("/findings", headers={"Host": host})[0])
    with check("headers keep other sites out"):
        for path in ("/", "/findings/999999", "/nowhere", "/style.css"):
            headers = ask(path)[2]
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy, policy
            equal("nosniff", headers["X-Content-Type-Options"])
            assert "Access-Control-Allow-Origin" not in headers
    status, _, headers = ask(f"/?token={TOKEN}")
    cookie = headers.get("Set-Cookie", "").split(";")[0]
    with check("the token gives a cookie that no script and no other site gets"):
        equal(303, status)
        assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"], headers
        for wrong in (TOKEN[:-1], TOKEN + "0", TOKEN.upper() if TOKEN.upper() != TOKEN else "x", "", "\0" * 32, cookie.split("=")[-1]):
            status, _, headers = ask(f"/?token={urllib.parse.quote(wrong)}")
            assert status == 403 and "Set-Cookie" not in headers, wrong
    form = re.search(rb'name="form" value="([0-9a-f]+)"', ask("/findings/30", headers={"Cookie": cookie})[1])
    with check("without cookie, form's secret or an origin of ours, nothing is written"):
        good = {"form": form[1].decode(), "finding": "40", "reason": "forged"}
        for headers in ({}, {"Cookie": "redflag=1"}, {"Cookie": cookie, "Origin": "http://evil.example"}, {"Cookie": cookie, "Origin": "null"},
                        {"Cookie": cookie, "Origin": f"http://127.0.0.1:{PORT + 1}"}, {"Cookie": cookie, "Origin": f"http://{HOST}.evil.example"},
                        {"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, {"Cookie": cookie, "Sec-Fetch-Site": "same-site"},
                        {"Cookie": cookie, "Host": "evil.example"}, {"Cookie": cookie, "Content-Type": "text/plain"},
                        {"Cookie": cookie, "Content-Type": "multipart/form-data; boundary=x"}):
            status = ask("/suppressions/add", "POST", good, headers)[0]
            assert status in (400, 403), (headers, status)
        for wrong in ("", "0" * 32, good["form"][:-1]):
            equal(403, ask("/suppressions/add", "POST", {**good, "form": wrong}, {"Cookie": cookie})[0])
        equal(405, ask(f"/suppressions/add?{urllib.parse.urlencode(good)}", headers={"Cookie": cookie})[0])
        equal(before, fingerprint())
    with check("what a form holds stays within its entry"):
        entries = sum(line.startswith("race") for line in open(LIST, encoding="utf-8"))
        for field, value in (("reason", "a\nrace:*"), ("reason", "a\r\nrace:*\r\n"), ("owner", "a expires=2000-01-01\nrace:*"), ("owner", "\"\nrace:*"),
                             ("expires", "2026-13-45"), ("expires", "x\nrace:*"), ("finding", "99999999"), ("finding", "-1"), ("finding", ""),
                             ("finding", "1 OR 1"), ("reason", ""), ("reason", "a" * 60000), ("reason", "\xff\xfe\0x")):
            status = ask("/suppressions/add", "POST", {**good, "reason": "why", field: value}, {"Cookie": cookie, "Origin": URL})[0]
            assert status in (303, 400, 404), (field, value[:20], status)
        lines = open(LIST, encoding="utf-8").read().splitlines()
        assert "race:*" not in [line.strip() for line in lines], lines
        assert sum(line.startswith("race") for line in lines) <= entries + 6, lines
        for line in ("0", "-1", "99999", "1", "x", "2; rm"):
            status = ask("/suppressions/expire", "POST", {"form": good["form"], "line": line, "text": "race:*"}, {"Cookie": cookie, "Origin": URL})[0]
            assert status in (400, 404, 409), (line, status)
        assert sum(line.startswith("race") for line in lines) == sum(line.startswith("race") for line in open(LIST, encoding="utf-8"))


def noise():
    with check("random bytes, and good requests with bytes changed"):
        seeds = [f"GET /findings?q=a&tag=b&page=2 HTTP/1.1\r\nHost: {HOST}\r\nCookie: a=b\r\nAccept: */*\r\n\r\n".encode(),
                 f"POST /suppressions/add HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\n"
                 "finding=1&reason=abc".encode(), f"GET /findings/%31?event=2 HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode()]
        end, count = time.monotonic() + FLOOD_S, 0
        while time.monotonic() < end:
            data = bytearray(random.choice(seeds) if random.random() < .8 else random.randbytes(random.randrange(1, 3000)))
            for _ in range(random.randrange(1, 12)):
                at = random.randrange(len(data))
                data[at:at + random.randrange(3)] = random.randbytes(random.randrange(4))
            with contextlib.suppress(OSError):
                s = socket.create_connection(("127.0.0.1", PORT), 5)
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                s.settimeout(0.2)  # the library may see the end of a client only when it has been idle for long
                while s.recv(65536):
                    pass
                s.close()
            count += 1
        assert count >= 10, count


# --- the database ----------------------------------------------------------------------------------------------------

def answers(wanted):
    """Some status of these, with a page, within the deadline."""
    end = time.monotonic() + DEADLINE_S
    while True:
        status, body, _ = ask("/findings")
        assert b"</html>" in body
        if status in wanted:
            return
        assert time.monotonic() < end, status
        time.sleep(0.1)


def database():
    kept = f"{MODULE}/kept"
    os.mkdir(kept)
    with check("while another holds the database for itself"):
        with contextlib.closing(sqlite3.connect(DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            answers({200, 503})
            other.execute("ROLLBACK")
        answers({200})
    with contextlib.closing(sqlite3.connect(DATABASE)) as here:
        here.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [f for f in os.listdir(f"{MODULE}/.redflag") if f.startswith("redflag.db")]

    def move(to_kept):
        for name in files:
            pair = (f"{MODULE}/.redflag/{name}", f"{kept}/{name}")
            with contextlib.suppress(FileNotFoundError):
                os.rename(*(pair if to_kept else pair[::-1]))

    with check("the database goes away, and comes back"):
        move(True)
        answers({503})
        move(False)
        answers({200})
    with check("it is replaced by a copy, by an empty file, by garbage, by a directory"):
        shutil.copy(DATABASE, f"{kept}/copy")
        os.replace(f"{kept}/copy", DATABASE)
        answers({200})
        for content in (b"", b"not a database at all " * 1000, b"SQLite format 3\0" + bytes(5000)):
            move(True)
            with open(DATABASE, "wb") as file:
                file.write(content)
            answers({503})
            os.unlink(DATABASE)
            move(False)
            answers({200})
        move(True)
        os.mkdir(DATABASE)
        answers({503})
        os.rmdir(DATABASE)
        move(False)
        answers({200})
    with check("another program's database"):
        move(True)
        with contextlib.closing(sqlite3.connect(DATABASE)) as other:
            other.executescript("CREATE TABLE findings (id); PRAGMA user_version = 99;")
        answers({503})
        os.unlink(DATABASE)
        move(False)
        answers({200})
    with check("the suppression list is a pipe, a directory, not there, or broken"):
        os.rename(LIST, f"{kept}/list")
        equal(200, ask("/suppressions")[0])
        os.mkfifo(LIST)
        assert ask("/suppressions")[0] in (200, 503)
        os.unlink(LIST)
        os.mkdir(LIST)
        assert ask("/suppressions")[0] in (200, 503)
        os.rmdir(LIST)
        with open(LIST, "wb") as file:
            file.write(b"race:\xff<script>alert(1)</script>\nnonsense\n" * 100)
        status, body, _ = ask("/suppressions")
        assert status in (200, 503) and b"<script" not in body
        os.replace(f"{kept}/list", LIST)
    with check("a source file that is a pipe, a link out of the module, or huge"):
        source = f"{MODULE}/cart/cart.go"
        os.rename(source, f"{kept}/cart.go")
        page = "/findings/1"
        for make in (lambda: os.mkfifo(source), lambda: os.symlink("/etc/passwd", source), lambda: os.symlink(source, source),
                     lambda: os.mkdir(source), lambda: open(source, "wb").truncate(1 << 33)):
            make()
            status, body, _ = ask(page)
            equal(200, status)
            assert b"root:" not in body
            os.rmdir(source) if os.path.isdir(source) and not os.path.islink(source) else os.unlink(source)
        os.rename(f"{kept}/cart.go", source)


def runs():
    try:
        with open(f"/proc/{PID}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def end():
    with check("SIGTERM in the middle of requests: it ends soon", then=lambda: None):
        stop = threading.Event()

        def keep_asking():
            while not stop.is_set():
                with contextlib.suppress(Exception):
                    ask("/findings?sort=events", timeout=5)

        threads = [threading.Thread(target=keep_asking) for _ in range(8)]
        slow = [socket.create_connection(("127.0.0.1", PORT), 5) for _ in range(10)]
        for s in slow:
            s.sendall(b"GET / HTTP/1.1\r\nX: ")
        for t in threads:
            t.start()
        time.sleep(0.5)
        os.kill(PID, signal.SIGTERM)
        finish = time.monotonic() + DEADLINE_S
        while runs():
            assert time.monotonic() < finish, "it still runs"
            time.sleep(0.05)
        stop.set()
        for t in threads:
            t.join()


def main():
    alive()
    open_before = len(os.listdir(f"/proc/{PID}/fd"))
    for attack in (malformed, injection, other_sites, floods, noise, database):
        attack()
    with check("no descriptor was left open"):
        limit = time.monotonic() + DEADLINE_S
        while (now := len(os.listdir(f"/proc/{PID}/fd"))) > open_before + 20:
            assert time.monotonic() < limit, f"{open_before} at the start, {now} now"
            time.sleep(0.2)
    end()


main()

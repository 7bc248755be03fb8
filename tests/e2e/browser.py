"""A headless Chromium by the WebDriver protocol, with nothing but Python's library: for tests of `redflag serve`.

with Browser(work) as b: b.open(url); b.find("h1").text()
"""
import base64
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

TIMEOUT_S = 60
WIDE, PHONE = (1280, 900), (390, 844)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


HERE = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands between programs of one machine


class WebDriverError(Exception):
    pass


class Element:
    def __init__(self, browser, key):
        self.browser, self.key = browser, key

    def _call(self, method, path, body=None):
        return self.browser.call(method, f"element/{self.key}/{path}", body)

    def click(self):
        self._call("POST", "click", {})

    def clear(self):
        self._call("POST", "clear", {})

    def type(self, text):
        self._call("POST", "value", {"text": text})

    def text(self):
        return self._call("GET", "text")

    def attribute(self, name):
        return self._call("GET", f"attribute/{name}")


class Browser:
    def __init__(self, work, chromedriver="chromedriver"):
        self.work = work
        self.driver = subprocess.Popen([chromedriver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                       env={**os.environ, "HOME": work, "XDG_CONFIG_HOME": work, "XDG_CACHE_HOME": work})
        self.base = self.session = None

    def __enter__(self):
        for line in self.driver.stdout:
            found = re.search(r"successfully on port (\d+)", line)
            if found:
                self.base = f"http://127.0.0.1:{found[1]}/session"
                break
        if not self.base:
            raise WebDriverError("chromedriver did not start")
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                            "--no-first-run", "--disable-background-networking", f"--user-data-dir={self.work}/profile"],
                   "perfLoggingPrefs": {"enableNetwork": True, "enablePage": False}}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "unhandledPromptBehavior": "ignore",
                        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        try:
            self.session = self._request("POST", self.base, {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]
        except BaseException:
            self.driver.terminate()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.session:
                self._request("DELETE", f"{self.base}/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(TIMEOUT_S)

    @staticmethod
    def _request(method, url, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with HERE.open(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise WebDriverError(json.load(error)["value"]["message"].split("\n")[0]) from None

    def call(self, method, path, body=None):
        return self._request(method, f"{self.base}/{self.session}/{path}", body)

    def cdp(self, command, **params):
        return self.call("POST", "goog/cdp/execute", {"cmd": command, "params": params})

    def script(self, text, *args):
        return self.call("POST", "execute/sync", {"script": text, "args": list(args)})

    # --- pages

    def open(self, url):
        self.call("POST", "url", {"url": url})

    def url(self):
        return self.call("GET", "url")

    def title(self):
        return self.call("GET", "title")

    def find_all(self, css):
        return [Element(self, e[ELEMENT]) for e in self.call("POST", "elements", {"using": "css selector", "value": css})]

    def find(self, css):
        return Element(self, self.call("POST", "element", {"using": "css selector", "value": css})[ELEMENT])

    def wait(self, condition, what, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise WebDriverError(f"{what}: not within {seconds} seconds")
            time.sleep(0.05)

    def follow(self, element):
        """Clicks a link or button and waits until the next page is there."""
        self.script("window.before = true")
        element.click()
        self.wait(lambda: self.script("return !window.before && document.readyState === 'complete'"), "the next page")

    def key(self, name, modifiers=0):
        code = {"Tab": 9, "Enter": 13}[name]
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, modifiers=modifiers, **text)

    def alert(self):
        try:
            return self.call("GET", "alert/text")
        except WebDriverError:
            return None

    # --- how it looks

    def look(self, size, dark=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=size[0] < 600)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path, whole=True):
        params = {"format": "png"}
        if whole:
            size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
            params.update(captureBeyondViewport=True, clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.cdp("Page.captureScreenshot", **params)["data"]))

    # --- what it did

    def complaints(self):
        """Errors of the console since the last call: scripts, refused loads, broken policies."""
        return [e["message"] for e in self.call("POST", "se/log", {"type": "browser"})]

    def requests(self):
        """Addresses that pages asked for since the last call."""
        events = [json.loads(e["message"])["message"] for e in self.call("POST", "se/log", {"type": "performance"})]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

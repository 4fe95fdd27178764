#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: chromium
# timeout: 60
"""The SVG flame graph: well-formed, complete without scripts, zooms and searches with them."""
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.environ["SRC"], "tests", "helper"))
import chromium  # noqa: E402

from lib.check import require, skip

DEMO = os.path.join(os.environ["BUILD"], "tests", "render-demo")
if chromium.find() is None:
    skip("chromium")


def main():
    path = os.path.abspath("demo.svg")
    subprocess.run([DEMO, "svg", path], check=True)
    titles = [e.text for e in ET.parse(path).iter("{http://www.w3.org/2000/svg}title")]
    require("the titles that scripts read", "malloc (150 samples, 15.00%)" in titles and "all (1,000 samples, 100%)" in titles)
    require("titles of a difference", "next_token (250 samples, 25.00%; +12.50%)" in titles, [t for t in titles if "next" in t])
    with chromium.Page(1250, 900) as page:
        page.open("file://" + path)
        require("no request but itself", page.requests() == ["file://" + path], page.requests())
        frame = "[...document.querySelectorAll('g.f')].find(g => g.textContent.startsWith('malloc'))"
        box = page.run(f"(() => {{ const r = {frame}.querySelector('rect').getBoundingClientRect(); return [r.x + 5, r.y + 5, r.width]; }})()")
        page.click(box[0], box[1])
        page.wait(f"{frame}.querySelector('rect').getBoundingClientRect().width > 1100")
        require("a click zooms", page.run(f"{frame}.querySelector('text').textContent") == "malloc")
        page.key("Escape")
        page.wait(f"Math.abs({frame}.querySelector('rect').getBoundingClientRect().width - {box[2]}) < 1")
        require("Escape goes back", True)
        page.call("Runtime.evaluate", expression="setTimeout(() => document.querySelector('.search').dispatchEvent(new MouseEvent('click')))")
        page.wait_event("Page.javascriptDialogOpening")
        page.call("Page.handleJavaScriptDialog", accept=True, promptText="parse|malloc")
        page.wait("document.querySelector('.matched').textContent !== ''")
        require("search counts what matches once", page.run("document.querySelector('.matched').textContent") == "Matched: 50.0%")
        require("no complaints", page.complaints() == [], page.complaints())
        time.sleep(0.1)
        page.screenshot(os.path.join(os.environ.get("SHOTS") or os.getcwd(), "flame-svg.png"))


main()

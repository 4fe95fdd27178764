#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: chromium plain
# timeout: 120
"""The HTML page in a headless Chromium: it loads nothing, zooms, searches, turns around,
sorts and filters, keeps its place in the URL, and stays fluid with 100,000 frames.
Screenshots (light, dark, narrow, without scripts) stay in $SHOTS when that is set."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SRC"], "tests", "helper"))
import chromium  # noqa: E402

from lib.check import require, skip

DEMO = os.path.join(os.environ["BUILD"], "tests", "render-demo")
SHOTS = os.environ.get("SHOTS") or os.getcwd()
if chromium.find() is None:
    skip("chromium")


def flame(page, key):
    return f"sonde.flames.find(f => f.key === '{key}')"


def state(page, key):
    return page.run(flame(page, key) + ".state()")


def frame_at(page, key, name):
    """Where on the screen the middle of the frame NAME is, after bringing it there."""
    return page.run("""(async () => {
        const f = %s, i = f.find('%s');
        f.canvas.scrollIntoView({ block: 'center' });
        await new Promise((r) => setTimeout(r, 150));
        const b = f.canvas.getBoundingClientRect(), p = f.box(i);
        return [b.left + p.x + p.width / 2, b.top + p.y + p.height / 2];
    })()""" % (flame(page, key), name))


def basics(page, url):
    page.open(url)
    page.wait("document.readyState === 'complete' && sonde.flames.length === 3")
    require("no request but the page itself", page.requests() == [url], page.requests())
    require("no error or warning in the console", page.complaints() == [], page.complaints())
    require("the policy forbids all else", page.run("""(async () => {
        try { await fetch('data:text/plain,x'); return false; } catch (e) { return true; } })()"""))
    page.events = [e for e in page.events if e.get("method") != "Log.entryAdded"]
    require("warnings stand above the first section", page.run(
        "document.querySelectorAll('main > .warning').length === 2"))
    require("hostile names are text", page.run("document.body.textContent.includes('\\\\x1b[31m')"))


def zooming(page):
    x, y = frame_at(page, "flame", "malloc")
    page.mouse("mouseMoved", x, y)
    tip = page.run("document.querySelector('.tip').textContent")
    require("the tooltip says what it is", all(t in tip for t in ("malloc", "libc.so.6", "150 samples", "90 samples",
                                                                "15 % of all", "30 % of caller")), tip)
    page.click(x, y)
    page.wait(f"{flame(page, 'flame')}.state().x1 === 400")
    s = state(page, "flame")
    require("a click zooms to the frame", s["name"] == "malloc" and s["x0"] == 250, s)
    require("the way back is shown", page.run("document.querySelector('.crumbs').textContent").endswith("malloc"))
    require("the URL keeps it", "flame.zoom=5" in page.run("location.hash"), page.run("location.hash"))
    page.key("Escape")
    page.wait(f"{flame(page, 'flame')}.state().x1 === 1000")
    require("Escape goes back", state(page, "flame")["zoom"] == 0)
    page.run(flame(page, "flame") + ".canvas.focus()")
    for key in "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "Enter":
        page.key(key)
    page.wait(f"{flame(page, 'flame')}.state().name === 'execute_pass_list'")
    require("arrows and Enter move and zoom", True)
    page.key("Escape")


def searching(page):
    page.run("document.activeElement.blur(), " + flame(page, "flame") + ".canvas.scrollIntoView({ block: 'center' })")
    page.key("/", "/")
    page.wait("document.activeElement.type === 'search'")
    page.type("parse|malloc")
    page.wait(f"{flame(page, 'flame')}.state().matched !== ''")
    require("search counts nested matches once", state(page, "flame")["matched"] == "50 % matched", state(page, "flame"))
    page.run("document.activeElement.value = ''")
    page.type("(")
    require("a bad expression is marked", page.run("document.activeElement.classList.contains('wrong')"))
    page.key("Escape")
    require("Escape ends the search", state(page, "flame")["matched"] == "")


def turning(page):
    f = flame(page, "flame")
    page.run(f + ".setReversed(true)")
    s = state(page, "flame")
    require("callers first: the whole is the same", s["total"] == 1000 and s["reversed"], s)
    shares = page.run(f"{f}.children(0)")
    require("callers first: leaves by their own time", shares[0] == ["execute_pass_list", 380] and
          shares[1] == ["next_token", 250] and sum(v for _, v in shares) == 1000, shares)
    page.run(f + ".setReversed(false)")
    page.run(f + ".setFlipped(true)")
    require("flames up", state(page, "flame")["flipped"])
    page.run(f + ".setFlipped(false)")


def linking(page, url):
    page.open("about:blank")
    page.open(url + "#flame.zoom=3&flame.search=token&flame_diff.up=1")
    page.wait("sonde.flames.length === 3")
    s = state(page, "flame")
    require("a link opens what it was made from", s["name"] == "c_parse_file" and s["x1"] == 500 and
          s["matched"] == "25 % matched" and state(page, "flame_diff")["flipped"], s)


def tables(page):
    page.run("document.querySelectorAll('.tablebox:not(.istree) th')[3].click()")
    first = page.run("document.querySelector('.tablebox tbody tr td:nth-child(4)').textContent")
    require("a click on a head sorts", first == "_int_malloc", first)
    page.run("document.querySelectorAll('.tablebox:not(.istree) th')[0].click()")
    first = page.run("document.querySelector('.tablebox tbody tr td:nth-child(4)').textContent")
    require("numbers sort downwards first", first == "parse_translation_unit", first)
    page.run("document.querySelector('.istree .fold').click()")
    hidden = page.run("[...document.querySelectorAll('.istree tr[data-d]')].filter(r => r.hidden).length")
    require("a tree folds", hidden == 5, hidden)
    page.run("document.querySelector('.istree .fold').click()")
    hidden = page.run("[...document.querySelectorAll('.istree tr[data-d]')].filter(r => r.hidden).length")
    require("and unfolds", hidden == 0, hidden)


def timelines(page):
    page.run("document.querySelector('figure.timeline canvas').scrollIntoView({ block: 'center' })")
    time.sleep(0.2)
    left, top, width = page.run("""(() => { const b = document.querySelector('figure.timeline canvas').getBoundingClientRect();
        return [b.left, b.top, b.width]; })()""")
    label = min(190, width * 0.3)
    x, y = left + label + (width - label) * 0.255, top + 24 + 22 + 11  # the second lane, at 2.55 s
    page.mouse("mouseMoved", x, y)
    tip = page.run("document.querySelector('.tip').textContent")
    require("a span says what it is", tip == "waitingworker-with-a-rather-long-name 4712125 ms, from 2.50 s", tip)
    for count in 1, 2:
        page.mouse("mousePressed", x, y, button="left", clickCount=count)
        page.mouse("mouseReleased", x, y, button="left", clickCount=count)
    s = page.run("sonde.timelines[0].state()")
    require("a double click zooms to it", abs(s["x0"] - 2.375e9) < 1 and abs(s["x1"] - 2.75e9) < 1, s)
    require("the URL keeps it", "timeline.range=2375000000-2750000000" in page.run("location.hash"))
    require("moments are as exact as needed", "2.375 s \u2013 2.750 s" in page.run(
        "document.querySelector('figure.timeline .tools').textContent"), page.run(
        "document.querySelector('figure.timeline .tools').textContent"))
    page.run("sonde.timelines[0].show(0, 1e10)")


MEASURE = """(async () => {
    const f = %s, t0 = performance.now(), times = [];
    f.canvas.scrollIntoView();
    await new Promise((r) => setTimeout(r, 100));
    const add = (work) => { const t = performance.now(); work(); times.push(performance.now() - t); };
    const s = f.state();
    for (let i = 0; i < 60; i++)
        add(f.paint);
    const whole = times.splice(0).sort((a, b) => a - b);
    f.zoomTo(f.find('function_7'), true);
    for (let i = 0; i < 60; i++)
        add(() => { f.pan(i %% 2 ? 5 : -5); f.paint(); });
    const pan = times.splice(0).sort((a, b) => a - b);
    f.zoomTo(0);
    const frames = [];
    let last = performance.now();
    for (let i = 0; i < 14; i++) {
        await new Promise((r) => requestAnimationFrame(r));
        const now = performance.now();
        frames.push(now - last);
        last = now;
    }
    frames.sort((a, b) => a - b);
    const t1 = performance.now();
    f.search('function_1.*');
    const search = performance.now() - t1, t2 = performance.now();
    f.search('');
    f.setReversed(true);
    const reverse = performance.now() - t2, size = f.state().frames;
    f.setReversed(false);
    return { frames: s.frames, paint: whole[30], paint_worst: whole[59], pan: pan[30], animation: frames[7], animation_worst: frames[13],
             search: search, reverse: reverse, reversed_frames: size };
})()"""


def fluid(page, path, url):
    page.open("about:blank")
    start = time.monotonic()
    page.open(url)
    page.wait("typeof sonde !== 'undefined' && sonde.flames && sonde.flames.length === 3")
    load = time.monotonic() - start
    m = page.run(MEASURE % flame(page, "big"))
    require("100,000 frames are there", m["frames"] >= 100000, m["frames"])
    print(f"     {os.path.getsize(path) / 1e6:.1f} MB page, loaded in {load * 1e3:.0f} ms; drawing all {m['paint']:.1f} ms (worst "
          f"{m['paint_worst']:.1f}), panning {m['pan']:.1f} ms, a frame of the zoom {m['animation']:.1f} ms (worst "
          f"{m['animation_worst']:.1f}), search {m['search']:.0f} ms, callers first {m['reverse']:.0f} ms "
          f"({m['reversed_frames']} frames)")
    require("all errors seen", page.complaints() == [], page.complaints())


def pictures(page, url):
    for name, dark, width in ("light", False, 1400), ("dark", True, 1400), ("phone", False, 390):
        page.theme(dark)
        page.size(width, 1000)
        page.open("about:blank")
        page.open(url)
        page.wait("sonde.flames.length === 3")
        time.sleep(0.3)
        size = os.path.getsize(page.screenshot(os.path.join(SHOTS, f"page-{name}.png"), whole=True))
        wide = page.run("document.documentElement.scrollWidth")
        require(f"{name}: the page is not wider than its window", wide <= width, f"{wide} of {width}")
        require(f"{name}: a picture", size > 20000, f"{size} bytes")
    page.theme(False)
    page.size(1400, 1000)
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(url)
    page.screenshot(os.path.join(SHOTS, "page-noscript.png"), whole=True)
    text = page.call("DOM.getOuterHTML", nodeId=page.call("DOM.getDocument", depth=-1)["root"]["nodeId"])["outerHTML"]
    require("without scripts tables are there", "parse_translation_unit" in text and "needs JavaScript" in text)
    page.call("Emulation.setScriptExecutionDisabled", value=False)


def main():
    small, big = os.path.abspath("small.html"), os.path.abspath("big.html")
    subprocess.run([DEMO, "html", small, "500"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run([DEMO, "html", big, "110000"], check=True, stderr=subprocess.DEVNULL)
    with chromium.Page() as page:
        url = "file://" + small
        basics(page, url)
        zooming(page)
        searching(page)
        turning(page)
        linking(page, url)
        tables(page)
        timelines(page)
        require("no error so far", page.complaints() == [], page.complaints())
        fluid(page, big, "file://" + big)
        pictures(page, url)


main()

"""How a page lies in a browser: whether something hangs over the edge, or one label of a picture on another."""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from html import unescape

BROWSER = os.environ.get("QV_CHROMIUM", "")
BROWSER = BROWSER if os.path.exists(BROWSER) else ""
# Labels of a picture are groups named text_N; their boxes may touch but not overlap by more than a pixel and a half.
MEASURE = """<script>
const found = {width: innerWidth, scroll: document.documentElement.scrollWidth, figures: []};
for (const figure of document.querySelectorAll("figure")) {
  const texts = [...figure.querySelectorAll('svg g[id*="-text_"]')].map(g => g.getBoundingClientRect())
    .filter(b => b.width > 0);
  const frame = figure.querySelector("svg").getBoundingClientRect();
  let over = 0, outside = 0;
  texts.forEach((a, i) => {
    if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 || a.bottom > frame.bottom + 1)
      outside++;
    texts.slice(i + 1).forEach(b => {
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 1.5 && y > 1.5) over++;
    });
  });
  found.figures.push({name: figure.id, texts: texts.length, over, outside, width: frame.width});
}
const out = document.createElement("pre");
out.id = "measured";
out.textContent = JSON.stringify(found);
document.body.append(out);
</script></body>"""


def dump(words, path):
    """Runs the browser, whose page is then in the file; a browser that does not end is ended with all it started."""
    with open(path, "w", encoding="utf-8") as out, open(path + ".err", "w", encoding="utf-8") as err:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        try:
            process.wait(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure(page, width, folder):
    """What the browser says of the page: {width, scroll, figures: [{name, texts, over, outside, width}]}."""
    copy, dumped = os.path.join(folder, "measured.html"), os.path.join(folder, "dumped.html")
    with open(copy, "w", encoding="utf-8") as file:
        file.write(page.replace("</body>", MEASURE))
    for _ in range(3):  # a browser without a screen now and then does not come up
        profile = tempfile.mkdtemp(prefix="qv-browser-")
        dump([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
              f"--user-data-dir={profile}", f"--window-size={width},2000", "--dump-dom", "file://" + copy], dumped)
        shutil.rmtree(profile, ignore_errors=True)  # what the browser has started may still be writing
        with open(dumped, encoding="utf-8") as file:
            found = re.search(r'<pre id="measured">(.*?)</pre>', file.read(), flags=re.S)
        if found:
            return json.loads(unescape(found[1]))
    with open(dumped + ".err", encoding="utf-8") as file:
        raise AssertionError(file.read()[-2000:])

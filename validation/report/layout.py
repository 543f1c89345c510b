"""How a page lies in a browser: whether something hangs over the edge, or one label of a picture on another."""
import json
import os
import re
import subprocess
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


def measure(page, width, folder):
    """What the browser says of the page: {width, scroll, figures: [{name, texts, over, outside, width}]}."""
    copy = os.path.join(folder, "measured.html")
    with open(copy, "w", encoding="utf-8") as file:
        file.write(page.replace("</body>", MEASURE))
    done = subprocess.run([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           f"--user-data-dir={os.path.join(folder, 'browser')}", f"--window-size={width},2000",
                           "--dump-dom", "file://" + copy], capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, flags=re.S)
    if not found:
        raise AssertionError(done.stderr[-2000:])
    return json.loads(unescape(found[1]))

// What a drawn page says, and where. Run in the page by browser.py; measure.py makes labels of what it gives.
// All boxes are [left, top, right, bottom] in pixels of the page. kinds/ says what the data- attributes mean (html.py).
() => {
  const round = (v) => Math.round(v * 10) / 10;
  const box = (r) => [r.left + scrollX, r.top + scrollY, r.right + scrollX, r.bottom + scrollY].map(round);
  const context = document.createElement("canvas").getContext("2d");
  const metrics = new Map();

  // where an element's words stand: its font's ascent as a share of the height of its boxes, and what its text is like
  function styleOf(element) {
    if (metrics.has(element)) return metrics.get(element);
    const style = getComputedStyle(element);
    context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const font = context.measureText("ا");
    const ascent = font.fontBoundingBoxAscent, descent = font.fontBoundingBoxDescent;
    const block = blockOf(element);
    const found = {
      ascent: ascent / Math.max(1, ascent + descent), size: parseFloat(style.fontSize), line: block.line, block: block.block,
      ignored: !!element.closest("[data-ignore]"), direction: getComputedStyle(block.element).direction,
      flow: element.closest("[data-flow]")?.dataset.flow,
      shown: style.visibility === "visible" && style.opacity !== "0", clips: clipsOf(element),
    };
    metrics.set(element, found);
    return found;
  }

  // `line`: the container of which a row of words is one line; `block`: what has a kind, or else the same container
  const containers = new Map(), blocks = [], blockNumbers = new Map();
  function numbered(map, key) { if (!map.has(key)) map.set(key, map.size); return map.get(key); }
  function blockOf(element) {
    let line = element.closest("[data-join]");
    if (!line) { line = element; while (line !== document.body && getComputedStyle(line).display.startsWith("inline") && !/block|flex|grid|table/.test(getComputedStyle(line).display)) line = line.parentElement; }
    const kinded = line.closest("[data-kind]") || element.closest("[data-kind]") || line;
    if (!blockNumbers.has(kinded)) addBlock(kinded);
    return { element: line, line: numbered(containers, line), block: blockNumbers.get(kinded) };
  }
  function addBlock(element) {
    const data = element.dataset;
    blockNumbers.set(element, blocks.length);
    blocks.push({
      kind: data.kind || "paragraph", box: box(element.getBoundingClientRect()), level: data.level ? +data.level : null,
      checked: data.checked === undefined ? null : data.checked === "1", empty: !element.textContent.trim(), ...cellOf(element),
    });
  }

  const tables = [], tableNumbers = new Map();
  for (const table of document.querySelectorAll("table[data-table]")) {
    tableNumbers.set(table, tables.length);
    const taken = [];  // by row: which columns are filled from above
    let columns = 0;
    [...table.rows].forEach((row, r) => {
      let c = 0;
      for (const cell of row.cells) {
        while (taken[r]?.[c]) c++;
        cell.place = { table: tables.length, row: r, column: c, row_span: cell.rowSpan, column_span: cell.colSpan };
        for (let i = r; i < r + cell.rowSpan; i++) for (let j = c; j < c + cell.colSpan; j++) (taken[i] ??= [])[j] = true;
        c += cell.colSpan;
      }
      columns = Math.max(columns, taken[r]?.length ?? 0);
    });
    tables.push({ box: box(table.getBoundingClientRect()), rows: table.rows.length, columns, ruled: table.dataset.table === "ruled" });
  }
  function cellOf(element) {
    if (element.place) return element.place;
    return {};
  }

  function clipsOf(element) {
    const clips = [];
    for (let e = element; e && e !== document.documentElement; e = e.parentElement)
      if (getComputedStyle(e).overflowX !== "visible") clips.push(e.getBoundingClientRect());
    return clips;
  }

  // blocks in the order of the document, those without text too
  for (const element of document.querySelectorAll("[data-kind]")) addBlock(element);

  const words = [];
  const range = document.createRange();
  function rectsOf(node, start, end) { range.setStart(node, start); range.setEnd(node, end); return [...range.getClientRects()].filter((r) => r.width > 0); }
  function add(node, text, start, rects, style, space) {
    let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
    for (const r of rects) { left = Math.min(left, r.left); right = Math.max(right, r.right); top = Math.min(top, r.top); bottom = Math.max(bottom, r.bottom); }
    const whole = { left, top, right, bottom }, area = (right - left) * (bottom - top);
    for (const clip of style.clips) {
      left = Math.max(left, clip.left); right = Math.min(right, clip.right); top = Math.max(top, clip.top); bottom = Math.min(bottom, clip.bottom);
    }
    left = Math.max(left, -scrollX); right = Math.min(right, document.documentElement.clientWidth); bottom = Math.min(bottom, pageHeight - scrollY);
    if (right - left < 1 || bottom - top < 1) return;
    const leader = node.parentElement.dataset.leader !== undefined;
    const cut = !leader && (right - left) * (bottom - top) < 0.93 * area;
    words.push({
      text: leader ? "…" : text, box: box({ left, top, right, bottom }), baseline: round(whole.top + scrollY + (whole.bottom - whole.top) * style.ascent),
      size: style.size, line: style.line, block: style.block, direction: style.direction, ignored: style.ignored || cut, space: space || leader, flow: style.flow,
    });
  }
  const pageHeight = window.rasmPageHeight || document.documentElement.scrollHeight;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let space = true;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data;
    if (/^(SCRIPT|STYLE|TITLE)$/.test(node.parentElement.tagName)) continue;
    if (!text.trim()) { space = true; continue; }
    const style = styleOf(node.parentElement);
    if (!style.shown || node.parentElement.dataset.skip !== undefined) continue;
    for (const match of text.matchAll(/\S+/g)) {
      if (match.index > 0) space = true;
      const start = match.index, end = start + match[0].length, rects = rectsOf(node, start, end);
      if (!rects.length) continue;
      const tops = rects.map((r) => r.top);
      if (Math.max(...tops) - Math.min(...tops) < 0.5 * rects[0].height) add(node, match[0], start, rects, style, space);
      else {  // broken over lines, as addresses are at their slashes
        let from = start, last = null;
        for (let k = start; k < end; k++) {
          const r = rectsOf(node, k, k + 1)[0];
          if (r && last && Math.abs(r.top - last) > 0.5 * r.height) { add(node, text.slice(from, k), from, rectsOf(node, from, k), style, space); from = k; space = false; }
          if (r) last = r.top;
        }
        add(node, text.slice(from, end), from, rectsOf(node, from, end), style, space);
      }
      space = node.parentElement.dataset.leader !== undefined;
    }
    if (/\s$/.test(text)) space = true;
  }

  // one flow after the other, wherever their parts stand in the document
  const flowing = words.map((word, k) => [word, k]).filter(([word]) => word.flow !== undefined);
  const places = flowing.map(([, k]) => k);
  flowing.sort(([a, i], [b, j]) => a.flow - b.flow || i - j).forEach(([word], k) => { words[places[k]] = word; });
  for (const word of words) delete word.flow;

  const shown = (color) => color && color !== "transparent" && !/^rgba.*, 0\)$/.test(color);
  const rules = [];
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element), r = element.getBoundingClientRect();
    if (element.closest("[data-ignore]") || r.width < 2 || r.bottom < 0 || r.top > pageHeight || element.closest("svg")) continue;
    if (element.dataset.rule !== undefined) rules.push(box(r));
    const side = (name) => style[`border${name}Style`] !== "none" && style[`border${name}Style`] !== "hidden" && shown(style[`border${name}Color`]) ? parseFloat(style[`border${name}Width`]) : 0;
    const [t, b, l, g] = ["Top", "Bottom", "Left", "Right"].map(side);
    const clipped = clipsOf(element.parentElement).some((c) => r.bottom > c.bottom + 1 || r.left < c.left - 1 || r.right > c.right + 1);
    if (clipped) continue;
    if (t) rules.push(box({ left: r.left, right: r.right, top: r.top, bottom: r.top + t }));
    if (b) rules.push(box({ left: r.left, right: r.right, top: r.bottom - b, bottom: r.bottom }));
    if (l) rules.push(box({ left: r.left, right: r.left + l, top: r.top, bottom: r.bottom }));
    if (g) rules.push(box({ left: r.right - g, right: r.right, top: r.top, bottom: r.bottom }));
  }

  const gutters = [];
  for (const element of document.querySelectorAll("[data-columns]")) {
    const style = getComputedStyle(element), r = element.getBoundingClientRect(), count = +element.dataset.columns;
    const gap = parseFloat(style.columnGap) || 0, left = r.left + parseFloat(style.paddingLeft), width = r.width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const column = (width - gap * (count - 1)) / count;
    for (let k = 1; k < count; k++) {
      const x = left + k * column + (k - 1) * gap;
      gutters.push(box({ left: x, right: x + gap, top: r.top, bottom: r.bottom }));
      const rule = style.columnRuleStyle !== "none" ? parseFloat(style.columnRuleWidth) : 0;
      if (rule && shown(style.columnRuleColor)) rules.push(box({ left: x + gap / 2 - rule / 2, right: x + gap / 2 + rule / 2, top: r.top, bottom: r.bottom }));
    }
  }
  // what is seen of an element, or null
  function seen(element) {
    const r = element.getBoundingClientRect(), v = { left: r.left, top: r.top, right: r.right, bottom: Math.min(r.bottom, pageHeight - scrollY) };
    for (const clip of clipsOf(element.parentElement)) {
      v.left = Math.max(v.left, clip.left); v.right = Math.min(v.right, clip.right); v.top = Math.max(v.top, clip.top); v.bottom = Math.min(v.bottom, clip.bottom);
    }
    return v.right - v.left > 1 && v.bottom - v.top > 1 ? box(v) : null;
  }
  gutters.push(...[...document.querySelectorAll("[data-gutter]")].map(seen).filter(Boolean));
  const pictures = [...document.querySelectorAll("[data-picture]")].map(seen).filter(Boolean);
  return { width: document.documentElement.clientWidth, height: pageHeight, words, blocks, tables, rules, gutters, pictures };
}

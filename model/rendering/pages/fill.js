// Leaves out what does not fit into each [data-fill] element: text from the first word that stands beyond it, pictures and tables whole.
// A sheet of paper ends, and nobody prints half a line.
() => {
  const range = document.createRange();
  for (const container of [...document.querySelectorAll("[data-fill]")].reverse()) {  // what is within another comes first
    const edge = container.getBoundingClientRect();
    const across = container.dataset.fill === "across";  // of one row, in which letters may be taller than it
    const beyond = (r) => (!across && r.bottom > edge.bottom + 1) || r.left < edge.left - 1 || r.right > edge.right + 1;
    const walker = document.createTreeWalker(container, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    let cut = null;
    for (let node = walker.nextNode(); node && !cut; node = walker.nextNode()) {
      if (node.nodeType === Node.ELEMENT_NODE) {
        const whole = /^(IMG|TABLE|svg|HR|FIGURE)$/.test(node.tagName) || node.dataset.atom !== undefined;
        if (whole && node.getClientRects().length && beyond(node.getBoundingClientRect())) cut = [node.parentNode, [...node.parentNode.childNodes].indexOf(node)];
        continue;
      }
      if (!node.data.trim()) continue;
      range.selectNodeContents(node);
      if (![...range.getClientRects()].some(beyond)) continue;
      for (const match of node.data.matchAll(/\S+/g)) {
        range.setStart(node, match.index); range.setEnd(node, match.index + match[0].length);
        if ([...range.getClientRects()].some(beyond)) { cut = [node, match.index]; break; }
      }
    }
    if (!cut) continue;
    range.setStart(cut[0], cut[1]); range.setEnd(container, container.childNodes.length);
    range.deleteContents();
    for (const element of [...container.querySelectorAll("*")].reverse())  // what was left empty
      if (!element.childNodes.length && (element.dataset.kind || element.dataset.shell !== undefined) && element.dataset.kind !== "cell" && element.dataset.empty === undefined) element.remove();
  }
}

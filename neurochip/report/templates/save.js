// Each figure as a file: what is seen of it now, as one SVG, and what it was drawn of, as CSV.
const SVG = document.querySelector("svg")?.namespaceURI; // no address stands in a page
const LOOK = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "vector-effect"];

function drawnElement(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// Write onto a copy how the element itself is drawn: a file has no style sheet.
function likeIts(copy, element) {
  const style = getComputedStyle(element);
  for (const name of LOOK) copy.setAttribute(name, style.getPropertyValue(name));
  [...element.children].forEach((child, k) => likeIts(copy.children[k], child));
}

function pictureOf(chart) {
  const box = chart.getBoundingClientRect(), ground = getComputedStyle(chart.closest("section") ?? document.body).backgroundColor;
  const size = { width: Math.ceil(box.width) + 24, height: Math.ceil(box.height) + 16 };
  const whole = drawnElement("svg", { xmlns: SVG, ...size, viewBox: `-12 -8 ${size.width} ${size.height}`, "font-family": getComputedStyle(chart).fontFamily });
  whole.append(drawnElement("rect", { x: -12, y: -8, ...size, fill: ground }));
  const place = (rect) => ({ x: rect.left - box.left, y: rect.top - box.top });
  for (const mark of chart.querySelectorAll(".legend i")) {
    const { width, height } = mark.getBoundingClientRect(), style = getComputedStyle(mark);
    const colour = [style.backgroundColor, style.borderTopColor].find((one) => one !== "rgba(0, 0, 0, 0)");
    whole.append(drawnElement("rect", { ...place(mark.getBoundingClientRect()), width, height: Math.max(height, 2), fill: colour }));
  }
  for (const picture of chart.querySelectorAll("svg")) {
    const copy = picture.cloneNode(true), { width, height } = picture.getBoundingClientRect();
    likeIts(copy, picture);
    for (const [key, value] of Object.entries({ ...place(picture.getBoundingClientRect()), width, height, overflow: chart.querySelector(".zoomed") ? "hidden" : "visible" })) copy.setAttribute(key, value);
    whole.append(copy);
  }
  const texts = document.createTreeWalker(chart, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const said = texts.currentNode.parentElement, style = getComputedStyle(said), range = document.createRange();
    if (!texts.currentNode.data.trim() || said.closest("svg, .hint, .save, .out") || style.visibility !== "visible") continue;
    range.selectNode(texts.currentNode);
    // What stands in several lines is placed word by word.
    const text = texts.currentNode.data, slanted = said.closest(".slanted"), lines = range.getClientRects().length;
    for (const part of text.matchAll(slanted || lines === 1 ? /\S(.*\S)?/gs : /\S+/g)) {
      range.setStart(texts.currentNode, part.index);
      range.setEnd(texts.currentNode, part.index + part[0].length);
      const rect = range.getBoundingClientRect(), at = place(rect);
      const where = slanted
        ? { "text-anchor": "end", transform: `translate(${at.x + rect.width} ${at.y + 10}) rotate(-38)` }
        : { x: at.x, y: at.y + 0.78 * rect.height };
      whole.append(drawnElement("text", { ...where, "font-size": style.fontSize, "font-weight": style.fontWeight, fill: style.color }, part[0]));
    }
  }
  return new XMLSerializer().serializeToString(whole);
}

function handOver(text, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const element of document.querySelectorAll("[data-x]")) {
  const row = document.createElement("div"), heading = element.closest("figure")?.querySelector("h3") ?? element.closest("section")?.querySelector("h2");
  const name = (heading?.textContent ?? "figure").trim().toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const button = (word, title, act) => {
    const made = document.createElement("button");
    made.textContent = word;
    made.title = title;
    made.addEventListener("click", act);
    row.append(made);
  };
  row.className = "save";
  button("SVG", "Keep this figure, as it is seen now", () => handOver(pictureOf(element.closest(".chart") ?? element), "image/svg+xml", `${name}.svg`));
  if (element.dataset.numbers) button("CSV", "Keep the numbers of this figure", () => handOver(element.dataset.numbers, "text/csv", `${name}.csv`));
  element.after(row);
}

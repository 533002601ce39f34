"use strict";
// Zoom of plots, rasters and timelines: everything is on the page without it. A figure is an element with data-x, the
// axis that all pictures in it share, and data-y where it has one. A view is a pair of shares of an axis.
const ROUND = [1, 2, 2.5, 5, 10], MOST = 8, CLOSEST = 1e-3;
const PREFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"], [1e-15, "f"]];
const HINT = "Drag to zoom, double-click to see all. Keys: + − 0 and arrows";

const plain = (value, digits = 4) => String(Number(value.toPrecision(digits))).replace("-", "−");

function words(value, unit) {
  if (unit === "%") return plain(100 * value, 6) + " %";
  const size = Math.abs(value);
  if (!unit) return size && (size < 1e-3 || size >= 1e5) ? value.toExponential(2).replace(/\.?0+e/, "e") : plain(value, 6);
  const [scale, prefix] = (size && PREFIXES.find(([s]) => size >= 0.9995 * s)) || [1, ""];
  return plain(value / scale) + " " + prefix + unit;
}

function roundTicks(low, high, whole) {
  const rough = (high - low) / MOST, size = 10 ** Math.floor(Math.log10(rough));
  let step = size * ROUND.find((s) => size * s >= 0.999 * rough);
  if (whole) step = Math.max(1, Math.ceil(step));
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) ticks.push(n * step);
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let d = Math.floor(Math.log10(low)); d <= Math.ceil(Math.log10(high)); d++)
    for (const s of [1, 2, 5]) if (s * 10 ** d >= low && s * 10 ** d <= high) ticks.push(s * 10 ** d);
  const tens = ticks.filter((tick) => Math.abs(Math.log10(tick) % 1) < 1e-9);
  return ticks.length <= MOST ? ticks : tens;
}

class Axis {
  constructor(about) { Object.assign(this, about); }
  value(share) { return this.log ? this.low * (this.high / this.low) ** share : this.low + share * (this.high - this.low); }
  share(value) {
    return this.log ? Math.log(value / this.low) / Math.log(this.high / this.low) : (value - this.low) / (this.high - this.low);
  }
  ticks([a, b]) {
    const low = this.value(a), high = this.value(b);
    const ticks = this.log ? logTicks(low, high) : [];
    return ticks.length > 2 ? ticks : roundTicks(low, high, this.whole && high - low >= 2);
  }
}

class Figure {
  constructor(element) {
    this.element = element;
    this.axes = {};
    for (const along of ["x", "y"]) {
      if (!element.dataset[along]) continue;
      const axis = this.axes[along] = new Axis(JSON.parse(element.dataset[along]));
      axis.view = [0, 1];
      axis.words = element.querySelector("." + along + "s");
      axis.first = axis.words.innerHTML;
      axis.placed = [...element.querySelectorAll(`[style^="--${along}:"]`)].filter((e) => !axis.words.contains(e));
    }
    this.pictures = [...element.querySelectorAll("svg")].map((svg) => [svg, svg.getAttribute("viewBox").split(" ").map(Number)]);
    this.grid = element.querySelector("g.grid");
    this.lines = this.grid ? [...this.grid.children] : [];
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", "Figure that can be zoomed. " + HINT);
    const hint = document.createElement("div");
    hint.className = "hint";
    hint.textContent = HINT;
    element.append(hint);
    element.addEventListener("keydown", (event) => this.key(event));
    for (const [svg] of this.pictures) this.listen(svg);
  }

  listen(svg) {
    const touches = new Map(); // pointer → its last event
    const pick = document.createElement("div");
    pick.className = "pick";
    let start = null;
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    };
    const spread = () => {
      const [a, b] = [...touches.values()];
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    svg.addEventListener("dblclick", () => this.all());
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page; a pinch comes with ctrl
      event.preventDefault();
      this.scale(Math.exp(0.004 * event.deltaY), place(event));
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      try { svg.setPointerCapture(event.pointerId); } catch { /* the pointer has gone again */ }
      touches.set(event.pointerId, event);
      start = event.pointerType === "mouse" ? event : null;
    });
    svg.addEventListener("pointermove", (event) => {
      const before = touches.get(event.pointerId);
      if (!before) return;
      if (start) {
        this.draw(pick, svg, start, event);
      } else if (touches.size === 2) {
        const wide = spread();
        touches.set(event.pointerId, event);
        this.scale(wide / Math.max(spread(), 1), place(event));
      } else {
        this.move("x", (before.clientX - event.clientX) / svg.clientWidth);
      }
      touches.set(event.pointerId, event);
    });
    const end = (event) => {
      touches.delete(event.pointerId);
      pick.remove();
      if (start && event.type === "pointerup" && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > 6)
        this.to(place(start), place(event), Math.abs(event.clientY - start.clientY) > 20);
      start = null;
    };
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
  }

  draw(pick, svg, from, to) {
    const box = svg.getBoundingClientRect(), tall = this.axes.y && Math.abs(to.clientY - from.clientY) > 20;
    const clip = (value, size) => Math.min(Math.max(value, 0), size);
    const x = [from.clientX, to.clientX].map((at) => clip(at - box.left, box.width)).sort((a, b) => a - b);
    const y = tall ? [from.clientY, to.clientY].map((at) => clip(at - box.top, box.height)).sort((a, b) => a - b) : [0, box.height];
    pick.style.cssText = `left:${x[0]}px;width:${x[1] - x[0]}px;top:${y[0]}px;height:${y[1] - y[0]}px`;
    svg.parentElement.append(pick);
  }

  to(from, until, tall) {
    for (const [along, number] of [["x", 0], ["y", 1]]) {
      if (!this.axes[along] || (along === "y" && !tall)) continue;
      const [a, b] = this.axes[along].view;
      this.set(along, [from[number], until[number]].sort((p, q) => p - q).map((at) => a + at * (b - a)));
    }
    this.show();
  }

  scale(factor, [x, y] = [0.5, 0.5]) {
    for (const [along, at] of [["x", x], ["y", y]]) {
      if (!this.axes[along]) continue;
      const [a, b] = this.axes[along].view, middle = a + at * (b - a);
      this.set(along, [middle - (middle - a) * factor, middle + (b - middle) * factor]);
    }
    this.show();
  }

  move(along, by) {
    if (!this.axes[along]) return;
    const [a, b] = this.axes[along].view, shift = Math.min(Math.max(by * (b - a), -a), 1 - b);
    this.set(along, [a + shift, b + shift]);
    this.show();
  }

  set(along, [a, b]) {
    const low = Math.max(a, 0), high = Math.min(b, 1);
    if (high - low >= CLOSEST) this.axes[along].view = [low, high];
  }

  all() {
    for (const axis of Object.values(this.axes)) axis.view = [0, 1];
    this.show();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: ["x", -0.2], ArrowRight: ["x", 0.2], ArrowDown: ["y", -0.2], ArrowUp: ["y", 0.2] };
    if (event.key === "+" || event.key === "=") this.scale(0.7);
    else if (event.key === "-") this.scale(1 / 0.7);
    else if (event.key === "0" || event.key === "Escape") this.all();
    else if (moves[event.key] && this.element.classList.contains("zoomed")) this.move(...moves[event.key]);
    else return;
    event.preventDefault();
  }

  show() {
    const [x0, x1] = this.axes.x.view, [y0, y1] = this.axes.y ? this.axes.y.view : [0, 1];
    const zoomed = x1 - x0 < 1 || y1 - y0 < 1;
    this.element.classList.toggle("zoomed", zoomed);
    for (const [svg, [left, top, width, height]] of this.pictures)
      svg.setAttribute("viewBox", [left + x0 * width, top + (1 - y1) * height, (x1 - x0) * width, (y1 - y0) * height].join(" "));
    for (const [along, axis] of Object.entries(this.axes)) {
      const [a, b] = axis.view;
      this.element.style.setProperty(`--${along}0`, a);
      this.element.style.setProperty(`--${along}1`, b);
      const whole = b - a === 1 || axis.named;
      axis.words.innerHTML = axis.first;
      if (!whole) {
        const ticks = axis.ticks([a, b]), longest = Math.max(...ticks.map((tick) => words(tick, axis.unit).length));
        const every = along === "x" ? Math.ceil((ticks.length * (7 * longest + 10)) / axis.words.clientWidth) : 1;
        axis.words.replaceChildren(...ticks.filter((_, k) => k % every === 0).map((tick) => {
          const span = document.createElement("span");
          span.textContent = words(tick, axis.unit);
          span.style.setProperty("--" + along, axis.share(tick));
          return span;
        }));
      }
      for (const element of [...axis.placed, ...axis.words.children]) {
        const at = Number(element.style.getPropertyValue("--" + along));
        element.classList.toggle("out", at < a - 1e-9 || at > b + 1e-9);
      }
      if (along === "y" && this.lines.length) {
        if (b - a === 1) this.grid.replaceChildren(...this.lines);
        else this.grid.replaceChildren(...axis.ticks([a, b]).map((tick) => {
          const line = this.lines[0].cloneNode(), y = 1000 * (1 - axis.share(tick));
          line.setAttribute("y1", y);
          line.setAttribute("y2", y);
          return line;
        }));
      }
    }
  }
}

for (const element of document.querySelectorAll("[data-x]")) new Figure(element);
// What is wider than the page must be reached without a mouse.
const reach = () => {
  for (const box of document.querySelectorAll(".scroll, pre")) if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
};
reach();
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

// What is wrong with how a page is laid out: a list of sentences, empty when it is right.
(() => {
  const wrong = [];
  const name = (e) => e.tagName.toLowerCase() + (e.getAttribute("class") ? "." + e.getAttribute("class").replaceAll(" ", ".") : "");
  const paint = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) {
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = text;
      paint.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
      known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((c, k) => a * c + (1 - a) * under[k]).concat(1);
  const grounds = new Map([[null, [255, 255, 255, 1]]]);
  const ground = (element) => {
    if (!grounds.has(element))
      grounds.set(element, over(colour(getComputedStyle(element).backgroundColor), ground(element.parentElement)));
    return grounds.get(element);
  };
  const light = (c) => {
    const [r, g, b] = c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((p, q) => p - q);
    return (high + 0.05) / (low + 0.05);
  };
  const width = document.documentElement.clientWidth;
  const page = document.scrollingElement;
  if (page.scrollWidth > width) wrong.push(`the page is ${page.scrollWidth} wide in a window of ${width}`);

  let texts = 0;
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement, words = node.textContent.trim();
    if (!words || element.closest("svg, .hint") || !element.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    texts += 1;
    if (!element.closest(".scroll, pre") && (box.left < -1 || box.right > width + 1))
      wrong.push(`${name(element)} "${words}" reaches from ${box.left.toFixed()} to ${box.right.toFixed()}`);
    const frame = element.closest(".card");
    if (frame && box.right > frame.getBoundingClientRect().right - 4) wrong.push(`"${words}" leaves its card`);
    const ratio = contrast(over(colour(getComputedStyle(element).color), ground(element)), ground(element));
    if (ratio < 4.5) wrong.push(`${name(element)} "${words}" has a contrast of ${ratio.toFixed(2)}`);
  }
  if (texts < 20) wrong.push(`only ${texts} texts were looked at`);

  // Words of one axis must not lie on one another.
  for (const axis of document.querySelectorAll(".xs, .ys, .axis, .phases")) {
    const boxes = [...axis.children].filter((e) => e.checkVisibility({ visibilityProperty: true })).map((e) => [e, e.getBoundingClientRect()]);
    for (const [k, [first, a]] of boxes.entries())
      for (const [second, b] of boxes.slice(k + 1))
        if (a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1)
          wrong.push(`"${first.textContent}" lies on "${second.textContent}" in ${name(axis)}`);
  }
  for (const picture of document.querySelectorAll("svg, img")) {
    if (picture.tagName === "svg" && picture.closest("svg") !== picture) continue;
    const about = picture.getAttribute("aria-label") || picture.getAttribute("alt");
    if (!about) wrong.push(`${name(picture)} has no words for those who cannot see it`);
  }
  return wrong;
})()

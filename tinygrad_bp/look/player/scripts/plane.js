/** What the network makes of the plane, as colours on a canvas. */
class Plane {
  constructor({ size, layers, kind, x, y, frames }) {
    Object.assign(this, { size, kind, x, y, layers: Array(layers).fill() });
    this.frames = frames.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    this.canvas = one("#map canvas");
    this.border = one("#border");
    one("#plane").hidden = false;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show(this.frame));
  }

  /** The colours of the style sheet, as numbers. */
  colours() {
    const style = getComputedStyle(document.documentElement);
    return (names) => names.map((name) => {
      const code = style.getPropertyValue(`--${name}`).trim();
      return [1, 3, 5].map((i) => parseInt(code.slice(i, i + 2), 16));
    });
  }

  show(frame) {
    this.frame = frame;
    const { width, height } = this.canvas, context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    const colour = this.colours(), [paper, ink] = colour(["card", "ink"]);
    const kinds = colour(["negative", "positive", "third", "fourth"]);
    const layers = this.layers.map((_, layer) => this.levels(this.frames[frame], layer, width, height));
    const { side, paint, strength } = this.reading(layers, paper, kinds);
    for (let row = 0, i = 0; row < height; row++) {
      for (let column = 0; column < width; column++, i++) {
        const here = side(i);
        const isBorder = (column + 1 < width && side(i + 1) !== here) || (row + 1 < height && side(i + width) !== here);
        image.data.set([...(isBorder ? mixed(paper, ink, strength) : paint(i)), 255], 4 * i);
      }
    }
    context.putImageData(image, 0, 0);
  }

  /** Which side of a border a pixel is on, its colour, and how strong borders are. */
  reading(layers, paper, kinds) {
    if (this.kind === "classes") {
      const side = (i) => layers.reduce((best, layer, k) => (layer[i] > layers[best][i] ? k : best), 0);
      return { side, paint: (i) => mixed(paper, kinds[side(i) % kinds.length], 0.35), strength: 0.9 };
    }
    const [level] = layers;
    const paint = (i) => mixed(paper, kinds[level[i] < 128 ? 0 : 1], Math.abs(level[i] - 128) / 127 * 0.6);
    if (this.kind === "sides") return { side: (i) => level[i] >= 128, paint, strength: 0.9 };
    return { side: (i) => Math.floor((level[i] - 1) / 21.2), paint, strength: 0.4 };
  }

  /** A layer's level at each pixel: between the points of the grid as on a straight line. */
  levels(grid, layer, width, height) {
    const { size } = this, last = size - 1, start = layer * size * size, found = new Float32Array(width * height);
    for (let row = 0, i = 0; row < height; row++) {
      const v = row / (height - 1) * last, r = Math.min(Math.floor(v), last - 1), dv = v - r;
      for (let column = 0; column < width; column++, i++) {
        const u = column / (width - 1) * last, c = Math.min(Math.floor(u), last - 1), du = u - c;
        const at = start + r * size + c;
        found[i] = (1 - dv) * ((1 - du) * grid[at] + du * grid[at + 1])
          + dv * ((1 - du) * grid[at + size] + du * grid[at + size + 1]);
      }
    }
    return found;
  }

  /** The line on which a neuron's weighted sum of the two inputs is 0, from rim to rim. */
  divide(line) {
    const [w0, w1, b = 0] = line ?? [0, 0], [x0, x1] = this.x, [y0, y1] = this.y;
    const ends = [];
    for (const y of [y0, y1]) if (w0) ends.push([-(w1 * y + b) / w0, y]);
    for (const x of [x0, x1]) if (w1) ends.push([x, -(w0 * x + b) / w1]);
    const inside = ends.filter(([x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
    this.border.style.display = inside.length < 2 ? "none" : "";
    if (inside.length < 2) return;
    inside.slice(0, 2).forEach(([x, y], i) => {
      this.border.setAttribute(`x${i + 1}`, (x - x0) / (x1 - x0) * 320);
      this.border.setAttribute(`y${i + 1}`, (y1 - y) / (y1 - y0) * 320);
    });
  }
}

/** A little of one colour in another. */
function mixed(ground, colour, share) {
  return ground.map((channel, i) => channel + share * (colour[i] - channel));
}

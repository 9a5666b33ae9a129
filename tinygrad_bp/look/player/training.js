const SVG = "http://www.w3.org/2000/svg";

/** A number as it is written on a card: four digits, and no more than it has. */
const written = (number) => String(Number(number.toPrecision(4)));

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

/** The parameters of one neuron, as bars and as courses. */
class Neuron {
  constructor(plane) {
    this.plane = plane;
    this.select = one("#neurons");
    data.neurons.forEach(({ name }, index) => this.select.append(new Option(name, index)));
    this.select.addEventListener("change", () => this.choose());
    one("#left").textContent = data.left ? `${data.left} more neurons are left out.` : "";
    this.frame = 0;
    this.choose();
  }

  choose() {
    const { parameters, frames } = this.neuron = data.neurons[Number(this.select.value)];
    this.most = Math.max(...frames.flat().map(Math.abs)) || 1;
    this.rows = parameters.map((name, i) => {
      const number = made("td", "number"), bar = made("span", "bar");
      const row = made("tr", "", made("th", "", made("code", "", name)), number, made("td", "", made("span", "track", bar)), made("td"));
      row.firstChild.scope = "row";
      const course = this.course(frames.map((frame) => frame[i]));
      row.lastChild.append(course.svg);
      return { row, number, bar, dot: course.dot, place: course.place };
    });
    one("#neuron tbody").replaceChildren(...this.rows.map(({ row }) => row));
    this.show(this.frame);
  }

  /** A small curve of a parameter, and a dot on it. */
  course(numbers) {
    const svg = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "polyline");
    const dot = document.createElementNS(SVG, "circle");
    const place = (frame) => [4 + frame / Math.max(numbers.length - 1, 1) * 112, 14 - numbers[frame] / this.most * 11];
    svg.setAttribute("viewBox", "0 0 120 28");
    svg.setAttribute("class", "course");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("points", numbers.map((_, frame) => place(frame).map((n) => n.toFixed(1)).join()).join(" "));
    dot.setAttribute("r", 3);
    svg.append(line, dot);
    return { svg, dot, place };
  }

  show(frame) {
    this.frame = frame;
    const numbers = this.neuron.frames[frame];
    this.rows.forEach(({ number, bar, dot, place }, i) => {
      const share = numbers[i] / this.most;
      number.textContent = written(numbers[i]);
      bar.classList.toggle("negative", share < 0);
      bar.style.left = `${share < 0 ? 50 + 50 * share : 50}%`;
      bar.style.width = `${50 * Math.abs(share)}%`;
      const [x, y] = place(frame);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
    });
    const { divides } = this.neuron;
    one("#divides").hidden = !divides;
    this.plane?.divide(divides ? numbers : null);
  }
}

/** The graph of one example. */
class Graph {
  constructor(frames) {
    this.frames = frames;
    this.cards = frames[0].values.map((_, node) => new Card(one(`#n${node}`)));
    one("#example").hidden = false;
    new View(0.6);
  }

  show(frame) {
    const { values, gradients } = this.frames[frame];
    this.cards.forEach((card, node) => {
      const [text, share] = gradients[node];
      card.show({ value: values[node], gradient: text, share, label: share === null ? "⚠ grad" : "grad" });
    });
  }
}

{
  const last = data.epochs.length - 1;
  const plane = data.regions && new Plane(data.regions);
  const parts = [plane, new Neuron(plane), data.graph && new Graph(data.graph)].filter(Boolean);
  const mark = { line: one("#mark line"), dot: one("#mark circle") };
  data.wait = Math.min(500, Math.max(80, 12000 / last));

  const transport = new Transport(last, (position) => {
    const [x, y] = data.curve[position];
    for (const name of ["x1", "x2"]) mark.line.setAttribute(name, x);
    mark.dot.setAttribute("cx", x);
    mark.dot.setAttribute("cy", y);
    for (const part of parts) part.show(position);
    const epoch = data.epochs[position].toLocaleString("en");
    const loss = position ? `the loss in it was ${data.losses[position]}` : `the loss in the first epoch is ${data.losses[0]}`;
    const text = position ? `After epoch ${epoch}` : "Before the first epoch";
    one("#loss").textContent = `${text}: ${loss}.`;
    tell(`${text}: ${loss}.`);
    return position ? `${text} of ${data.total.toLocaleString("en")}` : text;
  });

  one("#curve").addEventListener("click", (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - left) / width * event.currentTarget.viewBox.baseVal.width;
    const distance = ([place]) => Math.abs(place - x);
    transport.go(data.curve.reduce((best, place, i) => (distance(place) < distance(data.curve[best]) ? i : best), 0));
  });
}

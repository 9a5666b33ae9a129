/** The picture: which marks show what. */
class Picture {
  constructor(passes) {
    this.passes = passes;
    this.svg = one("#graph");
    this.nodes = data.names.map((_, node) => new Card(one(`#n${node}`)));
    this.lit = [];
  }

  paint(node) {
    const { group } = this.nodes[node], isComputed = this.passes.isComputed[node];
    const { nth, of, text, share = 0 } = this.passes.gradient(node);
    const isPartial = nth > 0 && nth < of;
    group.classList.toggle("waiting", !isComputed);
    group.classList.toggle("partial", isPartial);
    this.nodes[node].show({
      value: isComputed ? data.values[node] : "·",
      gradient: text ?? (nth === of ? "none" : "·"),
      share,
      label: isPartial ? `grad ${nth}/${of}` : share === null ? "⚠ grad" : "grad",
    });
  }

  /** Lights the node and the edges of a step, and writes on each edge what flows along it. */
  light(step) {
    for (const element of this.lit) element.classList.remove("now", "with", "back");
    this.lit = [];
    this.corners = new Map();
    one("#chips").replaceChildren();
    if (!step) return;
    const light = (element, ...kinds) => {
      element.classList.add(...kinds);
      this.lit.push(element);
    };
    light(this.nodes[step.node].group, "now");
    if (step.pass === "seed") return;
    for (const { edge, operand, flow } of this.passes.uses(step.place)) {
      const isBack = step.pass === "backward";
      if (isBack && !(flow?.length > 4)) continue;
      light(one(`#e${edge}`), "now", ...(isBack ? ["back"] : []));
      light(this.nodes[operand].group, "with");
      this.chip(edge, operand, isBack ? flow.at(-1) : data.values[operand], isBack);
    }
  }

  /** What flows along an edge: in its middle, or where that is too short on the operand's corner. */
  chip(edge, operand, text, isBack) {
    const [group, box, words] = ["g", "rect", "text"].map((tag) => document.createElementNS(this.svg.namespaceURI, tag));
    words.textContent = isBack ? `← ${text}` : `${text} →`;
    const width = words.textContent.length * 7.25 + 12;
    const path = one(`#e${edge} .own`), length = path.getTotalLength();
    let { x, y } = path.getPointAtLength(length / 2);
    if (length < width + 24) {
      const card = this.nodes[operand].group.querySelector(".card").getBBox();
      const taken = this.corners.get(operand) ?? 0;
      [x, y] = [card.x + card.width - width / 2 + 6 - taken, card.y - 5];
      this.corners.set(operand, taken + width + 3);
    }
    for (const [name, value] of Object.entries({ x: x - width / 2, y: y - 9, width, height: 18, rx: 9 })) {
      box.setAttribute(name, value);
    }
    words.setAttribute("x", x);
    words.setAttribute("y", y + 4);
    group.append(box, words);
    group.classList.toggle("negative", isBack && text.startsWith("-"));
    one("#chips").append(group);
  }
}

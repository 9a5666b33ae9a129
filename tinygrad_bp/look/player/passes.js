/** What is written into the picture after so many steps; each step knows how to be undone. */
class Passes {
  constructor() {
    this.count = data.operations.length;
    this.length = 2 * this.count + 1;
    this.at = 0;
    const operations = new Set(data.operations);
    this.isComputed = data.kinds.map((_, node) => !operations.has(node));
    this.found = data.kinds.map(() => []); // gradients of each node, the latest last
    this.changed = new Set(data.kinds.keys());
  }

  /** What step number `index`, counted from 0, is about. */
  step(index) {
    if (index < this.count) return { pass: "forward", place: index, node: data.operations[index] };
    if (index === this.count) return { pass: "seed", node: data.output };
    const place = this.length - 1 - index;
    return { pass: "backward", place, node: data.operations[place] };
  }

  /** The operands of an operation, each with its edge and what flows to it. */
  uses(place) {
    return data.edges[place].map((edge) => ({ edge, operand: data.operands[edge], flow: data.flows[edge] }));
  }

  go(position) {
    while (this.at < position) this.change(this.at++, 1);
    while (this.at > position) this.change(--this.at, -1);
  }

  change(index, way) {
    const { pass, place, node } = this.step(index);
    this.changed.add(node);
    if (pass === "forward") this.isComputed[node] = way > 0;
    else if (pass === "seed") this.note(node, [1, 1, ...data.seed], way);
    else {
      for (const { operand, flow } of this.uses(place)) {
        if (flow) this.note(operand, flow.slice(0, 4), way);
      }
    }
  }

  note(node, [nth, of, text, share], way) {
    const found = this.found[node];
    // A use along which nothing flows is counted, and leaves the gradient as it is.
    if (way > 0) found.push(text == null ? { ...found.at(-1), nth, of } : { nth, of, text, share });
    else found.pop();
    this.changed.add(node);
  }

  /** A node's gradient so far: its text, its share of the largest, the nth of so many uses. */
  gradient(node) {
    return this.found[node].at(-1) ?? { nth: 0, of: 1 };
  }

  /** The gradient that a use found: what the uses before it added up to. */
  before(node, nth) {
    return this.found[node].find((gradient) => gradient.nth === nth - 1)?.text;
  }

  /** The step to jump to from a node: its own of this pass; of a leaf, the one that completes it. */
  stepOf(node, pass) {
    const place = data.operations.indexOf(node);
    if (place < 0) {
      const uses = data.operations.findIndex((_, i) => this.uses(i).some((use) => use.operand === node));
      return pass === "backward" ? this.length - uses : uses + 1;
    }
    return pass === "backward" ? this.length - place : place + 1;
  }
}

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
      if (isBack && !(flow?.length > 2)) continue;
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

/** The step in words and numbers. */
class Words {
  constructor(passes) {
    this.passes = passes;
    this.output = data.names[data.output];
  }

  name(node) {
    return made("code", "", data.names[node]);
  }

  /** The output's derivative by a node, in all ways that lead there. */
  derivative(node) {
    return `d${symbol(data.output)}/d${symbol(node)}`;
  }

  /** One operation's derivative by one of its operands, the others held fast. */
  partial(node, operand) {
    return `∂${symbol(node)}/∂${symbol(operand)}`;
  }

  gradient(node) {
    return unsigned(this.passes.gradient(node).text);
  }

  /** What a node is computed by; of several, the operations in it. */
  formula(node) {
    return `${data.names[node]}${data.numbers[node] === null ? ":" : " ="} ${data.formulas[node]}`;
  }

  write(step) {
    const about = {
      forward: () => this.forward(step), seed: () => this.seed(step), backward: () => this.backward(step),
    };
    const { parts, sentence } = step ? about[step.pass]() : this.start();
    one("#words").replaceChildren(...parts);
    one("#words").scrollTop = 0;
    return sentence;
  }

  start() {
    const text = `Nothing is computed yet: only the ${this.passes.isComputed.filter(Boolean).length} ` +
      `leaves and constants have numbers. ${this.passes.count} steps compute ${this.output}; then as many ` +
      "go back, and fill in the gradients. The right arrow key takes a step.";
    return { parts: [made("h2", "", "Before the first step"), made("p", "", text)], sentence: text };
  }

  forward({ node }) {
    const name = data.names[node], kind = data.kinds[node];
    const parts = [
      made("h2", "", made("span", "arrow", "→ "), `${kind} computes `, this.name(node)),
      made("p", "chain", made("code", "", this.formula(node))),
    ];
    const more = [data.numbers[node], data.values[node]].filter(Boolean);
    for (const text of more) parts.push(made("p", "chain", made("code", "", `${" ".repeat(name.length)} = ${text}`)));
    parts.at(-1).classList.add("result");
    const sentence = `${kind}: ${name} is ${data.formulas[node]}, ${more.join(", which is ")}.`;
    return { parts, sentence };
  }

  seed({ node }) {
    const text = unsigned(data.seed[0]), name = data.names[node];
    const why = `${name} changes exactly as fast as itself: the backward pass starts from ${text}.`;
    const parts = [
      made("h2", "", made("span", "arrow", "← "), "The gradient starts at ", this.name(node)),
      made("p", "chain", made("code", "", `${this.derivative(node)} = ${text}`)),
      made("p", "", why),
    ];
    return { parts, sentence: why };
  }

  backward({ node, place }) {
    const uses = this.passes.uses(place), upstream = this.gradient(node);
    const heading = made("h2", "", made("span", "arrow", "← "), `${data.kinds[node]} passes its gradient back`);
    const given = made("p", "", made("code", "", this.formula(node)));
    if (upstream === undefined) {
      const text = `No gradient has reached ${data.names[node]}: it passes nothing on, not even zero.`;
      return { parts: [heading, given, made("p", "", text)], sentence: text };
    }
    const isGroup = data.numbers[node] === null;
    const known = isGroup
      ? made("p", "", "The gradients of its results are complete: ", made("code", "", upstream))
      : made("p", "", "Its own gradient is complete: ", made("code", "", `${this.derivative(node)} = ${upstream}`));
    const list = made("ol", "uses", ...uses.filter((use) => use.flow).map((use) => this.use(node, upstream, use)));
    const constants = uses.filter((use) => !use.flow).map((use) => this.name(use.operand));
    if (constants.length) {
      const names = constants.flatMap((name, i) => (i ? [", ", name] : [name]));
      list.append(made("li", "nothing", ...names, constants.length > 1 ? ": constants, which get no gradient." : " is a constant: it gets no gradient."));
    }
    const told = uses.slice(0, 4).map((use) => this.told(upstream, use)).join(" ");
    const more = uses.length > 4 ? ` And ${uses.length - 4} more.` : "";
    return { parts: [heading, given, known, list], sentence: `${data.kinds[node]} passes back ${upstream}. ${told}${more}` };
  }

  use(node, upstream, { operand, flow }) {
    const name = data.names[operand], maker = data.names[node];
    if (flow.length === 2) return made("li", "nothing", "Nothing flows to ", this.name(operand), ", not even zero.");
    const [nth, of, , , formula, partial, signed] = flow;
    if (!formula) return this.bundle(operand, flow);
    const contribution = unsigned(signed), local = this.partial(node, operand);
    const chain = made("p", "chain"), isOutput = node === data.output && upstream === "1";
    const factor = (text) => (isOutput ? text : `${upstream} × ${bracketed(text)}`);
    chain.append(made("code", "", isOutput ? local : `${this.derivative(node)} × ${local}`));
    const steps = isOutput ? [formula, partial] : [factor(formula), factor(partial), contribution];
    for (const text of new Set(steps)) chain.append(made("code", "", ` = ${text}`));
    const why = [this.name(node), ` changes ${fast(partial)} as `, this.name(operand)];
    if (!isOutput) {
      why.push(", and ", this.name(data.output), ` ${fast(upstream)} as `, this.name(node), `: that makes ${contribution}`);
    }
    const before = unsigned(this.passes.before(operand, nth)), after = unsigned(flow[2]);
    const sum = before === undefined ? contribution : `${before} + ${bracketed(contribution)} = ${after}`;
    return made(
      "li", "",
      made("p", "to", "to ", this.name(operand)),
      chain,
      made("p", "why", ...why, "."),
      made("p", "sum", "gradient of ", this.name(operand), ": ", made("code", "", sum), made("span", "done", ` (${arrived(nth, of)})`)),
    );
  }

  /** A use of a collapsed node: many uses in one. */
  bundle(operand, [nth, of, after, , , , contribution]) {
    const sum = [made("code", "", unsigned(after ?? contribution)), made("span", "done", ` (${arrived(nth, of)})`)];
    return made(
      "li", "",
      made("p", "to", "to ", this.name(operand)),
      made("p", "", "By this way: ", made("code", "", unsigned(contribution))),
      made("p", "sum", after ? "gradient of " : "so far of ", this.name(operand), ": ", ...sum),
    );
  }

  told(upstream, { operand, flow }) {
    const name = data.names[operand];
    if (!flow) return `${name} is a constant.`;
    if (flow.length === 2) return `Nothing flows to ${name}.`;
    const [nth, of, after, , , partial, contribution] = flow;
    if (!partial) return `To ${name}: ${unsigned(contribution)}, ${arrived(nth, of)}.`;
    const product = `${upstream} times ${partial} is ${unsigned(contribution)}`;
    return `To ${name}: ${product}; its gradient is ${unsigned(after)}, ${arrived(nth, of)}.`;
  }
}

/** A number without a plus in front: in a picture that is a sign, in a formula it is noise. */
function unsigned(text) {
  return text?.replace(/^\+/, "");
}

/** A name as it stands in a formula: what is more than a word in brackets. */
function symbol(node) {
  return /^[\p{L}\p{N}_.[\]'"]+$/u.test(data.names[node]) ? data.names[node] : `(${data.names[node]})`;
}

/** A rate in words. */
function fast(rate) {
  return rate === "1" ? "exactly as fast" : `${rate} times as fast`;
}

/** How many uses of a node have passed back what they had. */
function arrived(nth, of) {
  if (nth < of) return `${nth} of ${of} uses ${nth === 1 ? "has" : "have"} arrived`;
  return of === 1 ? "complete: its only use" : `complete: all ${of} uses`;
}

/** A number or formula as a factor: in brackets where it would be read wrongly without. */
function bracketed(text) {
  return /^[\w.]+(\(.*\))?$/.test(text) ? text : `(${text})`;
}

/** The same as a table: for who cannot see the picture, or looks for one node in many. */
class Table {
  constructor(passes, go) {
    this.passes = passes;
    this.rows = null;
    one("#table").addEventListener("toggle", () => this.rows ?? this.fill(go));
  }

  fill(go) {
    this.rows = data.names.map((name, node) => {
      const button = (pass, text) => {
        const element = made("button", "", text);
        element.type = "button";
        element.setAttribute("aria-label", `${pass} step of ${name}`);
        element.addEventListener("click", () => go(this.passes.stepOf(node, pass)));
        return element;
      };
      const steps = data.kinds[node] === "constant" ? [] : [button("forward", "→"), " ", button("backward", "←")];
      const row = made(
        "tr", "",
        made("th", "", made("code", "", name)),
        made("td", "", made("code", "", data.formulas[node] || data.kinds[node])),
        made("td", "number"), made("td", "number"), made("td", "", ...steps),
      );
      row.firstChild.scope = "row";
      return row;
    });
    one("#table tbody").append(...this.rows);
    this.rows.forEach((_, node) => this.paint(node));
  }

  paint(node) {
    if (!this.rows) return;
    const [, , value, gradient] = this.rows[node].children;
    value.textContent = this.passes.isComputed[node] ? data.values[node] : "not yet";
    const { nth, of, text } = this.passes.gradient(node);
    const state = text === undefined ? (nth === of ? "none" : "not yet") : text;
    gradient.textContent = data.kinds[node] === "constant" ? "none" : state + (nth && nth < of ? ` (${nth} of ${of} uses)` : "");
  }
}

{
  const passes = new Passes();
  const picture = new Picture(passes);
  const words = new Words(passes);
  const view = new View();
  const table = new Table(passes, (position) => transport.go(position));
  const slider = one("#slider");
  slider.style.setProperty("--forward", passes.count / passes.length);

  const transport = new Transport(passes.length, (position) => {
    passes.go(position);
    for (const node of passes.changed) {
      picture.paint(node);
      table.paint(node);
    }
    passes.changed.clear();
    const step = position ? passes.step(position - 1) : null;
    document.body.dataset.pass = step ? step.pass : "start";
    picture.light(step);
    const sentence = words.write(step);
    if (step) view.follow(picture.lit);
    const pass = step ? (step.pass === "forward" ? "forward" : "backward") : "start";
    tell(`Step ${position} of ${passes.length}, ${pass}. ${sentence}`);
    return `Step ${position} of ${passes.length} · ${pass}`;
  });

  one("#graph").addEventListener("click", (event) => {
    const group = event.target.closest(".node");
    if (!group || view.isDragged) return;
    const node = Number(group.id.slice(1));
    const current = transport.position ? passes.step(transport.position - 1) : null;
    const isBack = current !== null && current.pass !== "forward";
    // One more click on the node of this step goes to its step of the other pass.
    const again = current !== null && current.node === node;
    const to = passes.stepOf(node, isBack !== again ? "backward" : "forward");
    transport.go(to);
  });
}

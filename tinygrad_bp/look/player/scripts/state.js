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

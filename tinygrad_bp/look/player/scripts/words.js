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
    if (flow.length === 4) return made("li", "nothing", "Nothing flows to ", this.name(operand), ", not even zero.");
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
    if (flow.length === 4) return `Nothing flows to ${name}.`;
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

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

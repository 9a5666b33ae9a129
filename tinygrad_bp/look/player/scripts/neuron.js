const SVG = "http://www.w3.org/2000/svg";

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
    this.most = frames.flat().reduce((most, text) => Math.max(most, Math.abs(text)), 0) || 1;
    this.rows = parameters.map((name, i) => {
      const number = made("td", "number"), bar = made("span", "bar");
      const row = made("tr", "", made("th", "", made("code", "", name)), number, made("td", "", made("span", "track", bar)), made("td"));
      row.firstChild.scope = "row";
      const course = this.course(frames.map((frame) => Number(frame[i])));
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
    const texts = this.neuron.frames[frame], numbers = texts.map(Number);
    this.rows.forEach(({ number, bar, dot, place }, i) => {
      const share = numbers[i] / this.most;
      number.textContent = texts[i];
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

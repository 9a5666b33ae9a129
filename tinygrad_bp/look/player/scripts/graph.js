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

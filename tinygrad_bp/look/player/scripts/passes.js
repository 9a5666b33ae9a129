/** Both passes over a graph: the picture, the words and the table, at one position. */
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

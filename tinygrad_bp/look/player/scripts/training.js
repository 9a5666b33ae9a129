/** A training run: the loss, the plane, a neuron and a graph, at one moment. */
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

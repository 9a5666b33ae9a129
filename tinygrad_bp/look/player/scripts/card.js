/** A card of the picture: a node's value, and its gradient as a number and as a bar. */
class Card {
  constructor(group) {
    const part = (kind) => group.querySelector(`.${kind}`);
    Object.assign(this, {
      group, value: part("value"), label: part("label"), grad: part("grad"),
      bar: part("bar"), tint: part("tint"), zero: part("zero"),
    });
  }

  /** `share` is the gradient's part of the largest, from -1 to 1, or null where it is no number. */
  show({ value, gradient, share, label }) {
    if (this.value) this.value.textContent = value;
    if (!this.grad) return;
    this.grad.textContent = gradient;
    this.label.textContent = label;
    this.group.classList.toggle("alarm", share === null);
    for (const mark of [this.bar, this.tint]) mark.classList.toggle("negative", share < 0);
    const middle = Number(this.zero.getAttribute("x")) + 0.5;
    const length = Math.abs(share) * 40;
    this.bar.setAttribute("x", share < 0 ? middle - length : middle);
    this.bar.setAttribute("width", length);
    this.tint.style.fillOpacity = Math.abs(share) * 0.28;
  }
}

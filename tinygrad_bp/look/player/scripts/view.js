/** How large the picture is, and which part of it is seen. */
class View {
  /** Not smaller than `least`, so that it can be read, though not all of it may be seen at once. */
  constructor(least = 0.8) {
    this.svg = one("#graph");
    this.stage = one("#paper");
    this.width = Number(this.svg.getAttribute("width"));
    this.height = Number(this.svg.getAttribute("height"));
    this.scale = 1;
    one("#smaller").addEventListener("click", () => this.zoom(this.scale / 1.25));
    one("#larger").addEventListener("click", () => this.zoom(this.scale * 1.25));
    one("#whole").addEventListener("click", () => this.zoom(this.fitting()));
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "+" || event.key === "=") this.zoom(this.scale * 1.25);
      if (event.key === "-") this.zoom(this.scale / 1.25);
      if (event.key === "0") this.zoom(this.fitting());
    });
    this.drag();
    addEventListener("resize", () => this.seen && this.follow(this.seen));
    this.zoom(Math.max(least, this.fitting()));
  }

  fitting() {
    const { clientWidth, clientHeight } = this.stage;
    return Math.min(1.3, (clientWidth - 4) / this.width, (clientHeight - 4) / this.height);
  }

  zoom(scale) {
    this.scale = Math.max(0.02, Math.min(4, scale));
    this.svg.setAttribute("width", this.width * this.scale);
    this.svg.setAttribute("height", this.height * this.scale);
    if (this.seen) this.follow(this.seen);
  }

  /** Scrolls until these marks are seen, or if they are too far apart the first of them. */
  follow(marks) {
    const isFirst = !this.seen;
    this.seen = marks;
    const frame = this.stage.getBoundingClientRect();
    const around = (marks) => {
      const all = marks.map((mark) => mark.getBoundingClientRect());
      return {
        left: Math.min(...all.map((r) => r.left)), right: Math.max(...all.map((r) => r.right)),
        top: Math.min(...all.map((r) => r.top)), bottom: Math.max(...all.map((r) => r.bottom)),
      };
    };
    let wanted = around(marks);
    const fits = wanted.right - wanted.left < frame.width && wanted.bottom - wanted.top < frame.height;
    if (!fits) wanted = around(marks.slice(0, 1));
    const shift = (low, high, start, end) => {
      const room = Math.min(24, (end - start - (high - low)) / 2);
      if (low < start + room) return low - start - room;
      return high > end - room ? high - end + room : 0;
    };
    this.stage.scrollBy({
      left: shift(wanted.left, wanted.right, frame.left, frame.right),
      top: shift(wanted.top, wanted.bottom, frame.top, frame.bottom),
      behavior: isFirst || calm.matches || document.body.classList.contains("playing") ? "auto" : "smooth",
    });
  }

  /** A mouse may pull the picture; a finger does by itself. */
  drag() {
    let from = null;
    this.stage.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button === 0) from = { x: event.clientX, y: event.clientY };
      this.isDragged = false;
    });
    addEventListener("pointermove", (event) => {
      if (!from) return;
      const dx = event.clientX - from.x, dy = event.clientY - from.y;
      if (!this.isDragged && Math.hypot(dx, dy) < 4) return;
      this.isDragged = true;
      this.stage.scrollBy(-dx, -dy);
      from = { x: event.clientX, y: event.clientY };
    });
    addEventListener("pointerup", () => { from = null; });
  }
}

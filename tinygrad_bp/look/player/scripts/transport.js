"use strict";

const one = (selector) => document.querySelector(selector);
const data = JSON.parse(one("#data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** An element with a class and what is in it: texts and elements. */
function made(tag, kind, ...inside) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.append(...inside);
  return element;
}

/** A position from 0 to `length`, moved by buttons, keys, the slider, time and the address. */
class Transport {
  /** `show(position)` shows it, and returns its name, which the slider and the page's head say. */
  constructor(length, show) {
    this.length = length;
    this.show = show;
    this.position = -1;
    this.timer = 0;
    this.slider = one("#slider");
    this.slider.max = length;
    this.listen();
    this.go(this.asked() ?? 0);
  }

  listen() {
    const on = (id, act) => one(id).addEventListener("click", act);
    on("#first", () => this.go(0));
    on("#back", () => this.go(this.position - 1));
    on("#play", () => this.toggle());
    on("#next", () => this.go(this.position + 1));
    on("#last", () => this.go(this.length));
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    one("#speed").addEventListener("change", () => this.timer && this.start());
    document.addEventListener("keydown", (event) => this.press(event));
    addEventListener("hashchange", () => this.go(this.asked() ?? this.position));
  }

  /** The position that the address asks for, if it does. */
  asked() {
    const found = /^#step=(\d+)$/.exec(location.hash);
    return found && Number(found[1]);
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const within = event.target instanceof Element ? event.target : document.body;
    if (within.closest("select")) return;
    const moves = {
      ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10,
      Home: -Infinity, End: Infinity,
    };
    // Up and down scroll what can be scrolled, and a button that has the focus takes the space.
    if (/^(Arrow(Up|Down)|Page)/.test(event.key) && within.closest("#words, #table")) return;
    if (event.key in moves) this.go(this.position + moves[event.key]);
    else if (event.key === " " && !within.closest("button, summary, a")) this.toggle();
    else return;
    event.preventDefault();
  }

  go(position, playing = false) {
    if (!playing) this.stop();
    const next = Math.max(0, Math.min(this.length, position));
    if (next === this.position) return;
    this.position = next;
    const name = this.show(next);
    this.slider.value = next;
    this.slider.setAttribute("aria-valuetext", name);
    one("#where").textContent = name;
    one("#first").disabled = one("#back").disabled = next === 0;
    one("#last").disabled = one("#next").disabled = next === this.length;
    // Browsers allow a page only so many changes of its address in a second.
    clearTimeout(this.addressing);
    this.addressing = setTimeout(() => this.address(), 150);
  }

  address() {
    try {
      history.replaceState(null, "", `#step=${this.position}`);
    } catch {
      // Inside a notebook's frame there is no address to change.
    }
  }

  toggle() {
    if (this.timer) return this.stop();
    if (this.position === this.length) this.go(0);
    this.start();
  }

  start() {
    clearInterval(this.timer);
    const wait = (data.wait ?? 1000) / Number(one("#speed").value);
    this.timer = setInterval(() => {
      this.go(this.position + 1, true);
      if (this.position === this.length) this.stop();
    }, wait);
    this.mark("Pause");
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.mark("Play");
  }

  mark(label) {
    one("#play").setAttribute("aria-label", label);
    document.body.classList.toggle("playing", label === "Pause");
  }
}

let speaking = 0;

/** Tells a screen reader, which would fall behind if it were told every step of a quick run. */
function tell(sentence) {
  clearTimeout(speaking);
  speaking = setTimeout(() => { one("#live").textContent = sentence; }, 150);
}

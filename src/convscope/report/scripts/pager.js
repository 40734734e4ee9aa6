// A list of which one page is shown at a time.

class Pager {
  // `none` is said where nothing was found.
  constructor(list, controls, size, none = "") {
    this.list = list;
    this.size = size;
    this.none = none;
    this.remark = "";
    this.first = 0;
    this.found = [];
    [this.back, this.next] = controls.querySelectorAll("button");
    this.status = controls.querySelector("[role=status]");
    this.back.addEventListener("click", () => this.turn(-1));
    this.next.addEventListener("click", () => this.turn(1));
  }

  // Shows the first page of what was found; `draw` is false where the page of paper has it already.
  // `remark` stands behind which of them are shown.
  show(found, { draw = true, remark = "" } = {}) {
    this.found = found;
    this.remark = remark;
    this.first = 0;
    this.tell();
    if (draw) this.draw();
  }

  turn(by) {
    const first = this.first + by * this.size;
    if (first < 0 || first >= this.found.length) return;
    this.first = first;
    this.tell();
    this.draw();
  }

  tell() {
    const last = Math.min(this.first + this.size, this.found.length);
    const number = (value) => value.toLocaleString("en");
    this.status.textContent = this.found.length
      ? `${number(this.first + 1)} to ${number(last)} of ${number(this.found.length)}${this.remark}`
      : this.none;
    this.back.hidden = this.next.hidden = this.found.length <= this.size;
    // A button that has the focus keeps it: the keyboard would be lost with it.
    this.back.setAttribute("aria-disabled", this.first === 0);
    this.next.setAttribute("aria-disabled", last === this.found.length);
  }

  draw() {
    this.list.replaceChildren(...this.found.slice(this.first, this.first + this.size).map(card));
  }
}

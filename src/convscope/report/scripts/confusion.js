// The confusion matrix: one stop of the tab key, arrow keys from cell to cell, and a cell opens its records.

const dialog = document.getElementById("cell");
const inCell = new Pager(dialog.querySelector("ul"), dialog.querySelector(".pager"), 24);

function openCell(truth, predicted, count) {
  const found = answers
    .filter((answer) => answer.truth === truth && answer.predicted === predicted)
    .sort(truth === predicted ? ORDERS.unsure : ORDERS.sure);
  const first = truth === predicted ? "the least sure first" : "the surest first";
  document.getElementById("cell-title").replaceChildren(...verdict(truth, predicted));
  const all = count.toLocaleString("en");
  document.getElementById("cell-count").textContent =
    found.length < count ? `${found.length} of ${all} are in this page, ${first}; predictions.csv names all.`
    : count === 1 ? "The only one."
    : `All ${all}, ${first}.`;
  inCell.show(found);
  dialog.querySelector(".pager").hidden = found.length <= inCell.size;
  dialog.showModal();
  dialog.scrollTop = 0;
}

dialog.querySelector(".close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
dialog.addEventListener("keydown", (event) => {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (way) inCell.turn(way);
});

// What was a number becomes a button with it.
function openable(cell, truth, predicted, count) {
  const button = element("button", cell.textContent);
  button.type = "button";
  const words = truth === predicted ? "called" : "taken for";
  const label = `${page.classes[truth]}, ${words} ${page.classes[predicted]}: ${count.toLocaleString("en")}`;
  button.setAttribute("aria-label", label);
  button.title = label;
  button.addEventListener("click", () => openCell(truth, predicted, count));
  cell.replaceChildren(button);
  return button;
}

for (const cell of document.querySelectorAll("[data-cell]")) {
  const [truth, predicted] = cell.dataset.cell.split(" ").map(Number);
  openable(cell, truth, predicted, Number(cell.textContent.replaceAll(",", "")));
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const matrix = document.getElementById("matrix");

if (matrix) {
  const rows = [...matrix.tBodies[0].rows].map((row, truth) =>
    [...row.cells].slice(1).map((cell, predicted) => {
      const count = Number(cell.textContent);
      if (!count) return null;
      const button = openable(cell, truth, predicted, count);
      button.tabIndex = -1;
      return button;
    }),
  );
  const buttons = rows.flat().filter(Boolean);
  const said = document.getElementById("cell-said");
  if (buttons.length) {
    buttons[0].tabIndex = 0;
    matrix.parentElement.removeAttribute("tabindex"); // the cell that has the focus scrolls into sight
  }

  matrix.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.target.tagName !== "BUTTON") return;
    event.preventDefault();
    let row = rows.findIndex((cells) => cells.includes(event.target));
    let column = rows[row].indexOf(event.target);
    do [row, column] = [row + step[0], column + step[1]];
    while (rows[row]?.[column] === null);
    rows[row]?.[column]?.focus();
  });
  matrix.addEventListener("focusin", (event) => {
    for (const button of buttons) button.tabIndex = button === event.target ? 0 : -1;
    said.textContent = event.target.title;
  });
  matrix.addEventListener("pointerover", (event) => {
    if (event.target.title) said.textContent = event.target.title;
  });
  document.getElementById("cell-hint").hidden = !buttons.length;
  said.hidden = !matrix.classList.contains("dense"); // whose cells have no number to be read
}

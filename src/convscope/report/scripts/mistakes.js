// The mistakes, chosen and ordered by the form above them.

const ORDERS = {
  sure: (a, b) => b.share - a.share,
  unsure: (a, b) => a.share - b.share,
  missed: (a, b) => a.truthShare - b.truthShare,
  truth: (a, b) => a.truth - b.truth || b.share - a.share,
  predicted: (a, b) => a.predicted - b.predicted || b.share - a.share,
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
};

function chosen(form) {
  const { truth, predicted, name, order } = form.elements;
  const part = name.value.trim().toLowerCase();
  return mistakes
    .filter(
      (answer) =>
        (truth.value === "" || answer.truth === Number(truth.value)) &&
        (predicted.value === "" || answer.predicted === Number(predicted.value)) &&
        answer.name.toLowerCase().includes(part),
    )
    .sort(ORDERS[order.value]);
}

// Of the mistakes that are chosen by class the page may have only some.
function remark(form, found) {
  const { truth, predicted, name } = form.elements;
  if (name.value.trim()) return "";
  const missing = page.unlisted
    .filter(
      ([first, second]) =>
        (truth.value === "" || first === Number(truth.value)) &&
        (predicted.value === "" || second === Number(predicted.value)),
    )
    .reduce((sum, [, , count]) => sum + count, 0);
  if (!missing) return "";
  const number = (value) => value.toLocaleString("en");
  return `; ${number(found.length)} shown of ${number(found.length + missing)}`;
}

// How they are chosen and ordered, for the caption.
function asChosen(form) {
  const { truth, predicted, name, order } = form.elements;
  const all = truth.value === "" && predicted.value === "" && !name.value.trim();
  return `${all ? "" : ", only those chosen above"}, ${order.selectedOptions[0].text}`;
}

function offer(select, places) {
  const sorted = [...new Set(places)].sort((a, b) => a - b);
  select.append(...sorted.map((place) => new Option(page.classes[place], place)));
}

const form = document.getElementById("choice");
if (form && mistakes.length) {
  const list = document.getElementById("mistaken");
  const controls = list.nextElementSibling;
  const pager = new Pager(list, controls, list.children.length, "No mistake is like that.");
  offer(form.elements.truth, mistakes.map((answer) => answer.truth));
  offer(form.elements.predicted, mistakes.map((answer) => answer.predicted));
  form.reset(); // a browser that reloads keeps what was typed, and not what was shown
  form.addEventListener("input", () => {
    const found = chosen(form);
    pager.show(found, { remark: remark(form, found) });
    document.getElementById("as-chosen").textContent = asChosen(form);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  const all = chosen(form);
  pager.show(all, { draw: false, remark: remark(form, all) }); // its first page is there already
  form.hidden = controls.hidden = mistakes.length < 2;
}

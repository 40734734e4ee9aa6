// The records of the page, and how one is drawn: the picture from its sheet, and what was said of it.

const page = JSON.parse(document.getElementById("answers").textContent);

const answers = page.answers.map(([name, truth, said, truthShare], place) => ({
  place,
  name,
  truth,
  predicted: said[0],
  share: said[1],
  truthShare,
  said: said.flatMap((value, i) => (i % 2 ? [] : [{ label: value, share: said[i + 1] }])),
}));
const mistakes = answers.filter((answer) => answer.truth !== answer.predicted);

// As the rest of the page writes it: 100 % only for all, 0 % only for none.
function percent(share) {
  if (share === null) return "nan\u00a0%";
  if (share === 0 || share === 1) return `${share * 100}\u00a0%`;
  return `${Math.min(Math.max(share * 100, 0.1), 99.9).toFixed(1)}\u00a0%`;
}

const decoded = new Map(); // sheets by number, each decoded when it is first needed

function sheet(number) {
  if (!decoded.has(number)) {
    const image = new Image();
    image.src = page.sheets[number];
    decoded.set(
      number,
      image.decode().then(() => image),
    );
  }
  return decoded.get(number);
}

async function draw(canvas, place) {
  const [across, down] = page.grid;
  const [width, height] = page.tile;
  [canvas.width, canvas.height] = page.tile;
  const image = await sheet(Math.floor(place / (across * down)));
  const within = place % (across * down);
  const x = (within % across) * page.pitch[0];
  const y = Math.floor(within / across) * page.pitch[1];
  canvas.getContext("2d").drawImage(image, x, y, width, height, 0, 0, width, height);
  canvas.dataset.drawn = place;
}

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function verdict(truth, predicted) {
  const wrong = truth !== predicted;
  const called = document.createElement("strong");
  called.append(element("bdi", page.classes[predicted]));
  return [element("bdi", page.classes[truth]), wrong ? ", taken for " : ", called ", called];
}

function row(label, share, answer) {
  const made = element("li", "", label === answer.truth ? "true" : "");
  const bar = element("span", "", "bar");
  bar.style.width = `${100 * (share ?? 0)}%`;
  made.append(bar, element("bdi", page.classes[label]), element("span", percent(share), "share"));
  return made;
}

function card(answer) {
  const made = document.getElementById("answer").content.firstElementChild.cloneNode(true);
  const canvas = made.querySelector("canvas");
  const words = answer.truth === answer.predicted ? "called" : "taken for";
  canvas.className = page.drawn ? "drawn" : Math.max(...page.tile) > 64 ? "picture photo" : "picture";
  canvas.setAttribute(
    "aria-label",
    `${answer.name}: ${page.classes[answer.truth]}, ${words} ${page.classes[answer.predicted]}`,
  );
  draw(canvas, answer.place);
  made.querySelector(".verdict").append(...verdict(answer.truth, answer.predicted));
  const said = made.querySelector(".said");
  said.append(...answer.said.map(({ label, share }) => row(label, share, answer)));
  if (!answer.said.some(({ label }) => label === answer.truth)) {
    const missing = row(answer.truth, answer.truthShare, answer);
    missing.querySelector(".bar").remove();
    said.append(missing);
  }
  const name = made.querySelector(".name");
  answer.name.split("/").forEach((part, i) => {
    if (i) name.append("/", document.createElement("wbr"));
    name.append(part);
  });
  return made;
}

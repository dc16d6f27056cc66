// How a state looks, in colour and in shape: an outline of its own beside the mark that the tables have.
const graphUnchanged = (w, h) => graphRounded(w, h, 6);

const graphOutlines = {
  kept: graphUnchanged,
  rewritten: graphUnchanged,
  inserted: (w, h) => graphRounded(w, h, h / 2),
  deleted: (w, h) => `M10,0H${w - 10}L${w},10V${h - 10}L${w - 10},${h}H10L0,${h - 10}V10Z`,
  updated: (w, h) => `M0,0H${w}V${h}H0ZM3,3H${w - 3}V${h - 3}H3Z`,
  moved: (w, h) => `M12,0H${w - 12}L${w},${h / 2}L${w - 12},${h}H12L0,${h / 2}Z`,
  rewired: (w, h) => `M12,0H${w}L${w - 12},${h}H0Z`,
};

function graphRounded(w, h, r) {
  return `M${r},0H${w - r}A${r},${r} 0 0 1 ${w},${r}V${h - r}A${r},${r} 0 0 1 ${w - r},${h}H${r}A${r},${r} 0 0 1 0,${h - r}V${r}A${r},${r} 0 0 1 ${r},0Z`;
}

/** A line with rounded corners. */
function graphLine(points, radius = 9) {
  if (points.length === 0) return "";
  const line = [`M${points[0].x},${points[0].y}`];
  for (let at = 1; at < points.length - 1; at += 1) {
    const [before, here, after] = [points[at - 1], points[at], points[at + 1]];
    const toward = (other) => {
      const length = Math.hypot(other.x - here.x, other.y - here.y);
      const share = length === 0 ? 0 : Math.min(radius, length / 2) / length;
      return `${here.x + (other.x - here.x) * share},${here.y + (other.y - here.y) * share}`;
    };
    line.push(`L${toward(before)}Q${here.x},${here.y} ${toward(after)}`);
  }
  const last = points.at(-1);
  line.push(`L${last.x},${last.y}`);
  return line.join("");
}

/** An element of SVG with attributes. */
function graphSvg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An element of HTML with properties; what is given as text stays text. */
function graphElement(name, properties = {}, ...children) {
  const { class: names, ...others } = properties;
  const element = document.createElement(name);
  if (names) element.className = names;
  for (const [key, value] of Object.entries(others)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Text cut to a width, by the font it is shown in. */
const graphFitted = (() => {
  const context = document.createElement("canvas").getContext("2d");
  const known = new Map();
  return (text, width, font) => {
    const key = `${font}|${width}|${text}`;
    if (!known.has(key)) {
      context.font = font;
      let shown = text;
      while (shown.length > 1 && context.measureText(shown === text ? text : `${shown}…`).width > width) shown = shown.slice(0, -1);
      known.set(key, shown === text ? text : `${shown}…`);
    }
    return known.get(key);
  };
})();

/** What a node does, in a word or two: the settings a reader looks for first. */
function graphGist(model, node) {
  const settings = new Map(model.settings(node));
  const list = (name) => (settings.get(name) ?? "").replace(/[()\s]/g, "").split(",").filter(Boolean).join("×");
  const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const parts = plain(node.display).includes(plain(node.op)) || node.kind === "input" ? [] : [node.op];
  for (const name of ["kernel_size", "pool_size"]) if (settings.has(name)) parts.push(list(name));
  for (const name of ["filters", "units", "rate"]) if (settings.has(name)) parts.push(settings.get(name));
  if (settings.has("num_heads")) parts.push(`${settings.get("num_heads")} heads`);
  const stride = Math.max(1, ...list("strides").split("×").map(Number).filter(Number.isFinite)); // ops name those of batch and channels too
  if (stride > 1 && !settings.has("pool_size")) parts.push(`/${stride}`);
  return parts.join(", ");
}

/** A shape without its batch: `32×32×3`. */
function graphShape(node) {
  const text = node.shapes?.[0] ?? "";
  const dims = /^\(([^)]*)\)(.*)$/.exec(text);
  if (dims === null) return text;
  const inner = dims[1].split(",").map((dim) => dim.trim()).filter(Boolean);
  return `${inner.slice(1).join("×") || "scalar"}${dims[2]}`;
}

/** Which family of layers an op is of: a colour beside its name, which says nothing that the name does not. */
function graphFamily(op) {
  const families = [
    ["conv", /conv/], ["dense", /dense|matmul|einsum/], ["norm", /norm/], ["pool", /pool|flatten|reshape|transpose|pad|crop|upsampl/],
    ["act", /re_?lu|gelu|silu|swish|sigmoid|tanh|softmax|elu|activation|softplus|maximum/], ["seq", /lstm|gru|rnn|attention|embedding/],
    ["merge", /^(add|subtract|multiply|concat|concatenate|average|dot|true_?divide|divide)/], ["drop", /dropout|noise|random/],
  ];
  return families.find(([, test]) => test.test(op))?.[0] ?? "other";
}

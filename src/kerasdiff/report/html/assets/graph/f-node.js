// What stands in a node: its kind and gist, its name and shape, its mark, and how far its values are apart.
const graphFonts = { name: "600 13px system-ui, sans-serif", head: "600 12px system-ui, sans-serif", gist: "12px system-ui, sans-serif", small: "11px system-ui, sans-serif" };

function graphText(text, x, y, names, anchor = "start") {
  const element = graphSvg("text", { x, y, class: names, "text-anchor": anchor });
  element.textContent = text;
  return element;
}

function graphNode(panel, place, box) {
  const { model, side } = panel;
  const node = place.nodes[side], { width, height } = box;
  const state = model.sides.length > 1 ? place.state : "kept";
  const element = graphSvg("g", { class: `graph-node graph-state-${state} graph-family-${graphFamily(node.op)}`, transform: `translate(${box.x},${box.y})` });
  element.append(graphSvg("path", { class: "graph-outline", d: graphOutlines[state](width, height), "fill-rule": "nonzero" }));
  const unchanged = graphOutlines[state] === graphUnchanged, inset = unchanged ? 12 : 18;
  if (unchanged) element.append(graphSvg("rect", { class: "graph-family", x: 1, y: 7, width: 4, height: height - 14, rx: 2 }));
  const delta = graphDelta(model, node);
  const right = width - inset;
  const shape = graphShape(node);
  const room = right - inset - (delta ? graphWidth(delta.text, graphFonts.small) + 8 : 0);
  const name = graphFitted(node.display, room, graphFonts.name);
  element.append(graphText(name, inset, 17, "graph-name"));
  const used = graphWidth(name, graphFonts.name) + 7;
  const other = graphOther(model, place, side);
  const gist = other ? graphCalled(model, place, node) : graphGist(model, node);
  if (gist && used + graphWidth(gist, graphFonts.gist) + (delta ? 4 : 0) <= room) element.append(graphText(gist, inset + used, 17, "graph-gist"));
  if (delta) element.append(graphText(delta.text, right, 17, delta.local ? "graph-delta graph-delta-local" : "graph-delta", "end"));
  const shown = graphFitted(shape, 92, graphFonts.small);
  element.append(graphText(shown, right, 33, "graph-shape", "end"));
  const called = other || graphCalled(model, place, node);
  element.append(graphText(graphFitted(called, right - inset - graphWidth(shown, graphFonts.small) - 8, graphFonts.small), inset, 33, other ? "graph-id graph-other" : "graph-id"));
  if (model.marks[state]) element.append(graphBadge(model.marks[state], 0, 0));
  return element;
}

/** The first setting of a pair that is another one on the other side. */
function graphOther(model, place, side) {
  if (place.state !== "updated" || place.nodes.includes(null)) return "";
  const beside = new Map(model.settings(place.nodes[1 - side]));
  const found = model.settings(place.nodes[side]).find(([name, value]) => beside.get(name) !== value);
  return found ? `${found[0]} ${found[1]}` : "";
}

/** What a node is called in its composite, or in the block whose name begins its own. */
function graphCalled(model, place, node) {
  const called = node.id.slice(node.id.lastIndexOf("/") + 1);
  const block = place.around.map((group) => model.groups[group]).findLast((group) => group.kind === "name" && called.startsWith(`${group.label}_`));
  return block ? called.slice(block.label.length + 1) : called;
}

/** The figure of a node beyond the limit; whether it differs though it is fed the reference's values. */
function graphDelta(model, node) {
  const beyond = (value) => value !== undefined && model.limit !== null && !(Number(value) <= model.limit);
  if (beyond(node.local)) return { text: `Δ ${kerasdiff.told(node.local)}`, local: true };
  return beyond(node.overall) ? { text: `Δ ${kerasdiff.told(node.overall)}`, local: false } : null;
}

function graphBadge(text, x, y) {
  const badge = graphSvg("g", { class: "graph-badge", transform: `translate(${x},${y})` });
  const wide = Math.max(18, graphWidth(text, graphFonts.name) + 10);
  badge.append(graphSvg("rect", { x: -9, y: -9, width: wide, height: 18, rx: 9 }), graphText(text, wide / 2 - 9, 4.5, "", "middle"));
  return badge;
}

function graphFolded(panel, group, box) {
  const { side, model } = panel;
  const { width, height } = box;
  const { kind, changes } = group;
  const count = group.members.filter((place) => model.places[place].nodes[side] !== null).length;
  const element = graphSvg("g", { class: `graph-node graph-folded graph-folded-${kind}${changes ? " graph-folded-changed" : ""}${group.state ? ` graph-state-${group.state}` : ""}`, transform: `translate(${box.x},${box.y})` });
  for (const shift of [6, 3]) element.append(graphSvg("path", { class: "graph-stack", d: graphRounded(width - 2 * shift, height, 6), transform: `translate(${shift},${shift})` }));
  element.append(graphSvg("path", { class: "graph-outline", d: graphRounded(width, height, 6) }));
  const layers = `${count.toLocaleString("en")} ${kind === "run" ? "equal " : ""}node${count === 1 ? "" : "s"}`;
  const label = kind === "run" ? layers : group.label;
  element.append(graphText(`▸ ${graphFitted(label, width - 40, graphFonts.name)}`, 12, 17, "graph-name"));
  const parameters = group.parameters[side] ? `${graphShort(group.parameters[side])} parameters` : "";
  element.append(graphText([kind === "run" ? "" : layers, parameters].filter(Boolean).join(" · "), 25, 33, "graph-id"));
  if (group.state) element.append(graphBadge(model.marks[group.state], 0, 0));
  else if (changes) element.append(graphBadge(`${changes} ≠`, 0, 0));
  return element;
}

function graphShort(number) {
  return number >= 1e6 ? `${+(number / 1e6).toPrecision(3)} M` : number >= 1e4 ? `${+(number / 1e3).toPrecision(3)} k` : number.toLocaleString("en");
}

const graphWidth = (() => {
  const context = document.createElement("canvas").getContext("2d");
  const known = new Map();
  return (text, font) => {
    const key = `${font}|${text}`;
    if (!known.has(key)) {
      context.font = font;
      known.set(key, context.measureText(text).width);
    }
    return known.get(key);
  };
})();

// What a node is on both sides, beside each other; what differs has a mark.
class GraphDetails {
  constructor(view) {
    this.view = view;
    this.element = graphElement("section", { class: "graph-details", hidden: true, tabIndex: -1 });
    this.element.setAttribute("aria-label", "The chosen node");
    view.addEventListener("selected", ({ detail }) => {
      if (view.active === null) this.close();
      else if (detail.open || !this.element.hidden) this.show();
    });
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.view.resize();
  }

  show() {
    const { view } = this, { model } = view;
    const place = view.active && model.place(view.active.item);
    if (!place) {
      this.close();
      return;
    }
    const close = graphElement("button", { type: "button", class: "graph-close", textContent: "Close" });
    close.addEventListener("click", () => {
      this.close();
      view.panels[view.active?.side ?? 0].frame.focus({ preventScroll: true });
    });
    const state = model.sides.length > 1 ? [graphElement("span", { class: `graph-tag graph-tag-${place.state}`, textContent: `${model.marks[place.state]} ${model.states[place.state]}`.trim() })] : [];
    const head = graphElement("div", { class: "graph-details-head" }, graphElement("h3", { textContent: place.known.display }), ...state, close);
    const notes = place.edits.map((number) => this.#note(number));
    this.element.replaceChildren(head, ...notes, this.#table(place));
    const opened = this.element.hidden;
    this.element.hidden = false;
    this.element.scrollTop = 0;
    if (!opened) return;
    view.resize();
    view.intoView(view.active.item);
  }

  #note(number) {
    const link = graphElement("a", { href: `#edit-${number + 1}`, textContent: `Edit ${number + 1}` });
    return graphElement("p", { class: "graph-note" }, link, `: ${this.view.model.edits[number].text}.`);
  }

  /** Both nodes of a place; of a moved one, that of the other half too. */
  #nodes(place) {
    const other = this.view.model.partner.get(place.index);
    const second = other === undefined ? null : this.view.model.places[other];
    return place.nodes.map((node, side) => node ?? second?.nodes[side] ?? null);
  }

  #table(place) {
    const { model } = this.view;
    const nodes = this.#nodes(place);
    const told = nodes.map((node, side) => (node === null ? new Map() : graphTold(model, node, side)));
    const names = [...new Set(told.flatMap((facts) => [...facts.keys()]))];
    const table = graphElement("table", {});
    const titles = graphElement("tr", {}, graphElement("th", { scope: "col", textContent: "" }, graphElement("span", { class: "unseen", textContent: "what" })), ...model.sides.map((side) => graphElement("th", { scope: "col", textContent: side.title })));
    const body = graphElement("tbody", {}, ...names.map((name) => this.#row(name, told, nodes)));
    table.append(graphElement("thead", {}, titles), body);
    return table;
  }

  #row(name, told, nodes) {
    const values = told.map((facts) => facts.get(name));
    const both = nodes.length > 1 && nodes.every((node) => node !== null);
    const differs = both && !["name", "line", "called in", "scope"].includes(name) && graphPlain(values[0]) !== graphPlain(values[1]);
    const head = graphElement("th", { scope: "row", textContent: `${differs ? "≠ " : ""}${name}` });
    const row = graphElement("tr", { class: differs ? "graph-differs" : "" }, head);
    values.forEach((value, side) => {
      const cell = graphElement("td", {});
      if (nodes[side] === null) cell.className = "graph-absent";
      if (value instanceof Array) cell.append(...value.map((link) => this.#link(link)));
      else cell.textContent = value ?? "–";
      row.append(cell);
    });
    return row;
  }

  #link({ text, place, side }) {
    const button = graphElement("button", { type: "button", class: "graph-link", textContent: text });
    button.addEventListener("click", async () => {
      await this.view.reveal([place], { walk: false });
      this.view.select(this.view.folding.item(place), side, { open: true });
    });
    return button;
  }
}

/** What is compared of a fact: of nodes, which they are and not what a side calls them. */
function graphPlain(value) {
  return value instanceof Array ? value.map(({ place, more }) => `${place}${more}`).join() : (value ?? "");
}

/** Names of facts that a setting may have too. */
const graphFacts = ["name", "op", "line", "called in", "scope", "output shape", "parameters", "overall difference", "local difference", "takes", "feeds"];

/** A name that no fact has yet: a wrapper holds several kernels. */
function graphFree(facts, name) {
  let free = name;
  for (let count = 2; facts.has(free); count += 1) free = `${name} (${count})`;
  return free;
}

/** All that is known of a node, by name, in the order of reading. */
function graphTold(model, node, side) {
  const facts = new Map([["name", node.id], ["op", node.op]]);
  const add = (name, value) => { if (value !== undefined && value !== null && value !== "") facts.set(name, value); };
  for (const [name, number] of [["line", node.line], ["called in", node.called]]) {
    const line = model.line(number);
    if (line !== null) add(name, line.code ? `${line.text}  ${line.code}` : line.text);
  }
  add("scope", node.scope);
  add("output shape", (node.shapes ?? []).join(", "));
  if (node.parameters) add("parameters", node.parameters.toLocaleString("en"));
  const within = model.limit === null ? "" : `, limit ${kerasdiff.told(model.limit)}`;
  const far = (value) => kerasdiff.share(value);
  if (node.overall !== undefined) add("overall difference", `${far(node.overall)}${within}`);
  if (node.local !== undefined) add("local difference", `${far(node.local)}, fed the reference's values${within}`);
  for (const [name, value] of model.settings(node)) add(graphFacts.includes(name) ? `setting ${name}` : name, value);
  for (const weight of model.weights(node)) {
    const parts = [weight.shape, weight.dtype, weight.trainable ? "" : "not trainable", weight.initializer, weight.regularizer, weight.constraint];
    if (weight.gradient !== null) parts.push(`gradient differs by ${kerasdiff.told(weight.gradient)}`);
    add(graphFree(facts, `weight ${weight.path.slice(weight.path.lastIndexOf("/") + 1)}`), parts.filter(Boolean).join(", "));
  }
  const { nodes } = model.sides[side];
  const link = (at, more = "") => ({ text: `${nodes[at].id}${more}`, more, place: model.at[side].get(at), side });
  const takes = (node.operands ?? []).map(([at, port, role]) => link(at, `${port > 0 ? `[${port}]` : ""}${role ? ` as ${role}` : ""}`));
  if (takes.length) facts.set("takes", takes);
  const own = model.at[side].get(nodes.indexOf(node));
  const feeds = model.out[own].filter((edge) => edge.on[side]).map((edge) => link(model.places[edge.to].pair[side]));
  if (feeds.length) facts.set("feeds", feeds);
  return facts;
}

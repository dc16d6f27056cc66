// The keyboard: walking, opening, searching, and the list of keys.
const graphKeys = [
  ["↑ ↓", "to what a node takes, to what takes it"],
  ["← →", "to the node beside it, or to the other side"],
  ["Enter", "show what a node holds; open or fold a group"],
  ["f", "fold the group around a node"],
  ["n p", "next and previous change"],
  ["/", "search; Enter and Shift+Enter step through the matches"],
  ["+ − 0", "zoom in, out, and show the whole graph"],
  ["c", "changes only, and back"],
  ["Esc", "close what is open"],
  ["?", "this list"],
];

class GraphKeys {
  constructor(view, tools) {
    Object.assign(this, { view, tools });
    const rows = graphKeys.map(([keys, text]) => [graphElement("dt", {}, ...keys.split(" ").map((key) => graphElement("kbd", { textContent: key }))), graphElement("dd", { textContent: text })]);
    this.list = graphElement("div", { class: "graph-keys", hidden: true }, graphElement("dl", {}, ...rows.flat()), graphElement("p", { textContent: "The wheel scrolls the graph once it has the focus, and zooms with Ctrl; drag to move it." }));
    for (const panel of view.panels) {
      panel.frame.addEventListener("keydown", (event) => this.#key(panel, event));
      panel.frame.addEventListener("focus", () => this.#enter(panel));
    }
  }

  /** A panel that the keyboard comes to is walked from where the other one was left, or from the first change. */
  #enter(panel) {
    const { view } = this;
    if (!view.placed || !panel.frame.matches(":focus-visible")) return;
    if (!view.active) this.#start(panel.side);
    else if (view.active.side !== panel.side) view.select(this.#over(view.active.item, panel.side) ?? view.active.item, panel.side, { show: true });
  }

  #start(side) {
    const { view } = this;
    const [change] = view.model.changes();
    const place = change?.places.find((each) => view.model.places[each].nodes[side] !== null) ?? view.model.places.find((each) => each.nodes[side] !== null).index;
    view.select(view.folding.item(place), side, { show: true });
  }

  #key(panel, event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.view.placed) return;
    const { view, tools } = this;
    const act = {
      ArrowDown: () => this.#along(panel, 1), ArrowUp: () => this.#along(panel, -1),
      ArrowLeft: () => this.#beside(panel, -1), ArrowRight: () => this.#beside(panel, 1),
      "+": () => view.scale(1.3), "=": () => view.scale(1.3), "-": () => view.scale(1 / 1.3), 0: () => view.fit(),
      Enter: () => this.#open(), " ": () => this.#open(), f: () => this.#fold(),
      n: () => tools.changes.step(1), p: () => tools.changes.step(-1), c: () => tools.filter(),
      "/": () => tools.search.input.focus(), "?": () => tools.help(),
      Home: () => this.#end(panel, 0), End: () => this.#end(panel, -1),
      Escape: () => this.close(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #along(panel, way) {
    const { view } = this;
    if (!view.active) return this.#start(panel.side);
    const { item, side } = view.active;
    const next = view.placed.edges.filter((edge) => edge.on[side] && (way > 0 ? edge.from : edge.to) === item)
      .map((edge) => (way > 0 ? edge.to : edge.from)).filter((each) => view.model.has(each, side));
    if (!next.length) return undefined;
    const here = view.placed.items.get(item);
    const off = (each) => { const box = view.placed.items.get(each); return Math.abs(box.y - here.y) * 2 + Math.abs(box.x - here.x); };
    return view.select(d3.least(next, off), side, { show: true });
  }

  #beside(panel, way) {
    const { view } = this;
    if (!view.active) return this.#start(panel.side);
    const { item, side } = view.active, here = view.placed.items.get(item);
    const near = [...view.placed.items].filter(([each, box]) => each !== item && view.model.has(each, side) && (box.x - here.x) * way > 40 && Math.abs(box.y - here.y) < 90);
    if (near.length) return view.select(d3.least(near, ([, box]) => Math.abs(box.x - here.x) + 3 * Math.abs(box.y - here.y))[0], side, { show: true });
    const other = side + way;
    if (other < 0 || other >= view.model.sides.length) return undefined;
    const target = this.#over(item, other);
    if (target === null) return undefined;
    view.select(target, other, { show: true });
    return view.panels[other].frame.focus({ preventScroll: true });
  }

  /** The same item on the other side: its other half, or else the nearest one. */
  #over(item, side) {
    const { view } = this, { model } = view;
    if (model.has(item, side)) return item;
    const half = model.place(item) && model.partner.get(model.place(item).index);
    if (half !== undefined && half !== null) return view.folding.item(half);
    const here = view.placed.items.get(item);
    const there = [...view.placed.items].filter(([each]) => model.has(each, side));
    return d3.least(there, ([, box]) => Math.abs(box.y - here.y) + Math.abs(box.x - here.x) / 4)?.[0] ?? null;
  }

  #end(panel, at) {
    const own = [...this.view.placed.items].filter(([item]) => this.view.model.has(item, panel.side)).sort(([, a], [, b]) => a.y - b.y || a.x - b.x);
    this.view.select(own.at(at)[0], panel.side, { show: true });
  }

  #open() {
    const { view } = this;
    if (!view.active) return;
    const group = view.model.group(view.active.item);
    if (group) view.toggle(group.index);
    else view.select(view.active.item, view.active.side, { open: true });
  }

  #fold() {
    const { view } = this;
    const place = view.active && view.model.place(view.active.item);
    if (place?.around.length) view.toggle(place.around.at(-1));
  }

  /** Closes the last thing that was opened: the list of keys, what a node holds, or the walk. */
  close() {
    const { view, tools } = this;
    if (!this.list.hidden) tools.help();
    else if (!tools.details.element.hidden) tools.details.close();
    else view.select(null);
  }
}

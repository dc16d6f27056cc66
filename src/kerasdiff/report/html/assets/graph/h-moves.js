// Arrows across the panels: from where a moved node stands in the reference to where it stands in the candidate, and
// between the two halves of the pair that is walked on.
class GraphMoves {
  constructor(view) {
    this.view = view;
    this.svg = graphSvg("svg", { class: "graph-across", "aria-hidden": "true" });
    const head = graphSvg("marker", { id: "graph-moved-head", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse", orient: "auto" }, graphSvg("path", { d: "M0,0L10,5L0,10Z" }));
    this.svg.append(graphSvg("defs", {}, head));
    this.lines = graphSvg("g");
    this.svg.append(this.lines);
  }

  /** Where the edge of an item is on the stage, held inside its panel. */
  #end(item, side, transform) {
    const box = this.view.placed.items.get(item), frame = this.frames[side];
    if (!box || !this.view.model.has(item, side)) return null;
    const x = transform.x + (side === 0 ? box.x + box.width : box.x) * transform.k;
    const y = transform.y + (box.y + box.height / 2) * transform.k;
    const inside = y >= 0 && y <= frame.height;
    return { x: frame.left + Math.max(0, Math.min(frame.width, x)), y: frame.top + Math.max(6, Math.min(frame.height - 6, y)), inside };
  }

  measure() {
    const home = this.svg.getBoundingClientRect();
    this.frames = this.view.panels.map((panel) => {
      const frame = panel.frame.getBoundingClientRect();
      return { left: frame.left - home.left, top: frame.top - home.top, width: frame.width, height: frame.height };
    });
  }

  show(transform) {
    const { view } = this;
    if (view.panels.length < 2 || view.single) {
      this.lines.replaceChildren();
      return;
    }
    const lines = view.model.moves.map(([one, two]) => [view.folding.item(one), view.folding.item(two), "graph-move"]);
    if (view.active && view.model.has(view.active.item, 0) && view.model.has(view.active.item, 1)) lines.push([view.active.item, view.active.item, "graph-pair"]);
    const shown = [];
    for (const [one, two, names] of lines) {
      const from = this.#end(one, 0, transform), to = this.#end(two, 1, transform);
      if (from === null || to === null || !(from.inside || to.inside)) continue;
      const bend = Math.max(30, (to.x - from.x) / 2);
      const line = graphSvg("path", { class: names, d: `M${from.x},${from.y}C${from.x + bend},${from.y} ${to.x - bend},${to.y} ${to.x},${to.y}` });
      if (names === "graph-move") line.setAttribute("marker-end", "url(#graph-moved-head)");
      shown.push(line);
    }
    this.lines.replaceChildren(...shown);
  }
}

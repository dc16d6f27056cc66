// One side's picture. Only what is in view, and half a view around it, is in the document; from afar it is painted.
class GraphPanel {
  static FAR = 0.42;

  constructor(view, side) {
    Object.assign(this, { view, side, model: view.model, drawn: new Map(), area: null });
    const title = this.model.sides[side];
    this.element = graphElement("section", { class: `graph-panel graph-${title.title}` });
    const head = graphElement("div", { class: "graph-head" }, graphElement("b", { textContent: title.title }), " ", graphElement("span", { textContent: title.target, title: title.target }));
    this.canvas = graphElement("canvas", { class: "graph-far" });
    this.canvas.setAttribute("aria-hidden", "true");
    this.svg = graphSvg("svg", { class: "graph-near", "aria-hidden": "true", focusable: "false" });
    this.world = graphSvg("g");
    this.layers = Object.fromEntries(["boxes", "edges", "heads", "ghosts", "nodes", "focus"].map((name) => [name, graphSvg("g", { class: `graph-${name}` })]));
    this.world.append(...Object.values(this.layers));
    this.svg.append(this.#patterns(), this.world);
    this.frame = graphElement("div", { class: "graph-view", tabIndex: 0 }, this.canvas, this.svg);
    this.frame.setAttribute("role", "application");
    this.frame.setAttribute("aria-label", `Graph of the ${title.title}: arrow keys walk along it, question mark lists all keys`);
    this.frame.dataset.side = String(side);
    this.element.append(head, this.frame);
  }

  #patterns() {
    const hatch = graphSvg("pattern", { id: `graph-hatch-${this.side}`, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, graphSvg("line", { x1: 0, y1: 0, x2: 0, y2: 8, class: "graph-hatch" }));
    const heads = ["plain", "inserted", "deleted"].map((name) => graphSvg("marker", { id: `graph-${name}-${this.side}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto" }, graphSvg("path", { d: "M0,0.5L8,4L0,7.5Z", class: `graph-head-${name}` })));
    return graphSvg("defs", {}, hatch, ...heads);
  }

  resize() {
    const { clientWidth, clientHeight } = this.frame;
    Object.assign(this, { width: clientWidth, height: clientHeight });
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(clientWidth * scale);
    this.canvas.height = Math.round(clientHeight * scale);
  }

  clear() {
    for (const layer of Object.values(this.layers)) layer.replaceChildren();
    this.drawn.clear();
    this.area = null;
  }

  /** Shows the picture at a zoom and place. */
  show(transform) {
    const far = transform.k < GraphPanel.FAR;
    this.svg.toggleAttribute("hidden", far);
    this.canvas.hidden = !far;
    if (far) {
      graphPaintFar(this, transform);
      return;
    }
    this.world.setAttribute("transform", `translate(${transform.x},${transform.y}) scale(${transform.k})`);
    const seen = { left: -transform.x / transform.k, top: -transform.y / transform.k, right: (this.width - transform.x) / transform.k, bottom: (this.height - transform.y) / transform.k };
    const { area } = this;
    if (area && seen.left >= area.left && seen.top >= area.top && seen.right <= area.right && seen.bottom <= area.bottom && transform.k <= area.k * 2.5) return;
    const wide = (seen.right - seen.left) / 2, high = (seen.bottom - seen.top) / 2;
    this.area = { left: seen.left - wide, right: seen.right + wide, top: seen.top - high, bottom: seen.bottom + high, k: transform.k };
    this.#fill();
  }

  #inside(box) {
    const { area } = this;
    return box.left <= area.right && box.right >= area.left && box.top <= area.bottom && box.bottom >= area.top;
  }

  #fill() {
    const wanted = new Map();
    const add = (key, layer, box, make) => { if (this.#inside(box)) wanted.set(key, [layer, make]); };
    const { placed } = this.view;
    for (const [group, box] of placed.boxes) {
      if (this.model.groups[group].has[this.side]) {
        add(`b${group}`, "boxes", graphBounds(box), () => this.#box(group, box));
        add(`h${group}`, "heads", graphBounds(box), () => this.#head(group, box));
      }
      else if (!this.#lacks(this.model.groups[group].parent)) add(`b${group}`, "ghosts", graphBounds(box), () => this.#ghost(`g${group}`, box));
    }
    for (const edge of placed.edges) if (edge.on[this.side] && edge.points.length) add(`${edge.from}>${edge.to}`, "edges", edge.bounds, () => this.#edge(edge));
    for (const [item, box] of placed.items) {
      if (this.model.has(item, this.side)) add(item, "nodes", graphBounds(box), () => this.#item(item, box));
      else if (!this.#lacks(this.view.around(item))) add(item, "ghosts", graphBounds(box), () => this.#ghost(item, box));
    }
    for (const [key, element] of this.drawn) {
      if (wanted.has(key)) continue;
      element.remove();
      this.drawn.delete(key);
    }
    for (const [key, [layer, make]] of wanted) {
      if (this.drawn.has(key)) continue;
      const element = make();
      this.drawn.set(key, element);
      this.layers[layer].append(element);
    }
    this.mark();
  }

  /** Whether a group, if there is one, is not on this side at all. */
  #lacks(group) { return group >= 0 && !this.model.groups[group].has[this.side]; }

  #box(group, box) {
    const { kind, changes } = this.model.groups[group];
    return graphSvg("rect", { class: `graph-box graph-box-${kind}${changes ? " graph-box-changed" : ""}`, x: box.x, y: box.y, width: box.width, height: box.height, rx: 10 });
  }

  /** What an open group is called, above the edges that go into it. */
  #head(group, box) {
    const { label, kind, members } = this.model.groups[group];
    const name = graphFitted(kind === "run" ? `${members.length} equal nodes` : label, box.width - 40, graphFonts.head);
    return graphText(`▾ ${name}`, box.x + 12, box.y + 20, "graph-box-head");
  }

  #edge(edge) {
    const what = graphLone(edge) ? (edge.on[0] ? "deleted" : "inserted") : "plain";
    return graphSvg("path", { class: `graph-edge graph-edge-${what}`, d: graphLine(edge.points), "marker-end": `url(#graph-${what}-${this.side})` });
  }

  #ghost(item, box) {
    const place = this.model.place(item), moved = place !== null && this.model.partner.has(place.index);
    const name = place === null ? this.model.group(item).label || "such nodes" : place.known.display;
    const text = graphSvg("text", { x: box.width / 2, y: box.height / 2 + 4, "text-anchor": "middle" });
    text.textContent = graphFitted(moved ? `${name} moved` : `no ${name}`, box.width - 16, graphFonts.gist);
    return graphSvg("g", { class: "graph-ghost", transform: `translate(${box.x},${box.y})` }, graphSvg("rect", { width: box.width, height: box.height, rx: 6, fill: `url(#graph-hatch-${this.side})` }), text);
  }

  #item(item, box) {
    const group = this.model.group(item);
    const element = group === null ? graphNode(this, this.model.place(item), box) : graphFolded(this, group, box);
    element.dataset.item = item;
    return element;
  }

  /** Shows which item is walked on, which were found, and the edges of both. */
  mark() {
    const { active, found } = this.view;
    for (const [key, element] of this.drawn) {
      if (key[0] === "b" || key[0] === "h") continue;
      if (key.includes(">")) {
        const [from, to] = key.split(">");
        element.classList.toggle("graph-lit", active !== null && (from === active.item || to === active.item));
      } else element.classList.toggle("graph-found", found.has(key));
    }
    this.layers.focus.replaceChildren();
    const box = active && this.view.placed?.items.get(active.item);
    if (box) this.layers.focus.append(graphSvg("rect", { x: box.x - 5, y: box.y - 5, width: box.width + 10, height: box.height + 10, rx: 9, class: active.side === this.side ? "graph-active" : "graph-beside" }));
  }
}

/** Whether one side alone has an edge, other than one through a gap: that changes nothing. */
function graphLone(edge) {
  return edge.on.length > 1 && edge.on[0] !== edge.on[1] && !edge.chain;
}

function graphBounds(box) {
  return { left: box.x, right: box.x + box.width, top: box.y, bottom: box.y + box.height };
}

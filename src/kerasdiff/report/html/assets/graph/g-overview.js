// The graph from afar: in the panels where nothing can be read any more, and beside them as a map of long graphs.
class GraphInks {
  constructor() { this.refresh(); }

  refresh() {
    const names = ["ground", "raised", "edge", "rule", "ink", "aside", "focus", "inserted", "deleted", "updated", "moved", "rewired", "rewritten"];
    for (const name of names) this[name] = kerasdiff.colour(`--${name}`);
  }

  of(model, item) {
    const place = model.place(item);
    const group = model.group(item);
    if (group) return group.changes ? (this[group.state] ?? this.updated) : this.edge;
    return place.changed ? (this[place.state] ?? this.updated) : this.edge;
  }
}

function graphChanged(model, item) {
  return (model.group(item)?.changes ?? 0) > 0 || (model.place(item)?.changed ?? false);
}

function graphPaintFar(panel, transform) {
  const context = panel.canvas.getContext("2d"), scale = window.devicePixelRatio || 1;
  const { view, side, model } = panel, { placed, inks } = view, { k } = transform;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, panel.width, panel.height);
  const top = -transform.y / k, bottom = (panel.height - transform.y) / k;
  context.translate(transform.x, transform.y);
  context.scale(k, k);
  context.lineWidth = 1 / k;
  context.strokeStyle = inks.rule;
  for (const [group, box] of placed.boxes) if (model.groups[group].has[side] && box.y < bottom && box.y + box.height > top) context.strokeRect(box.x, box.y, box.width, box.height);
  const lines = { plain: new Path2D(), changed: new Path2D() };
  for (const edge of placed.edges) {
    if (!edge.on[side] || edge.bounds.top > bottom || edge.bounds.bottom < top) continue;
    const path = graphLone(edge) ? lines.changed : lines.plain;
    edge.points.forEach((point, at) => (at ? path.lineTo(point.x, point.y) : path.moveTo(point.x, point.y)));
  }
  context.strokeStyle = inks.edge;
  context.stroke(lines.plain);
  context.strokeStyle = side ? inks.inserted : inks.deleted;
  context.lineWidth = 2.5 / k;
  context.stroke(lines.changed);
  for (const [item, box] of placed.items) {
    if (box.y > bottom || box.y + box.height < top || !model.has(item, side)) continue;
    const changed = graphChanged(model, item);
    context.fillStyle = changed ? inks.of(model, item) : inks.raised;
    context.strokeStyle = inks.of(model, item);
    context.lineWidth = (changed ? 3 : 1) / k;
    const grow = changed ? 4 : 0;
    context.fillRect(box.x - grow, box.y - grow, box.width + 2 * grow, box.height + 2 * grow);
    context.strokeRect(box.x - grow, box.y - grow, box.width + 2 * grow, box.height + 2 * grow);
  }
  graphPaintMarks(context, panel, k, top, bottom);
}

/** What is changed, walked on or found, so that it is seen from any distance. */
function graphPaintMarks(context, panel, k, top, bottom) {
  const { view, model, side } = panel, { placed, inks, active, found } = view;
  context.textBaseline = "middle";
  context.font = `${13 / k}px system-ui, sans-serif`;
  for (const [item, box] of placed.items) {
    if (box.y > bottom || box.y + box.height < top || !model.has(item, side)) continue;
    if (found.has(item) || active?.item === item) {
      context.strokeStyle = inks.focus;
      context.lineWidth = 3 / k;
      context.strokeRect(box.x - 6 / k, box.y - 6 / k, box.width + 12 / k, box.height + 12 / k);
    }
    if (!graphChanged(model, item)) continue;
    const place = model.place(item);
    context.fillStyle = inks.ink;
    context.fillText(place === null ? model.group(item).label : `${model.marks[place.state] || "~"} ${place.known.display}`, box.x + box.width + 8 / k, box.y + box.height / 2);
  }
}

/** A map of the whole graph, with what changes and what is in view. */
class GraphMap {
  static WIDTH = 64;

  constructor(view) {
    this.view = view;
    this.canvas = graphElement("canvas", { class: "graph-map", hidden: true });
    this.canvas.setAttribute("aria-hidden", "true");
    const jump = (event) => {
      const { top, height } = this.canvas.getBoundingClientRect();
      view.centre(view.placed.width / 2, ((event.clientY - top) / height) * view.placed.height);
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      jump(event);
    });
    this.canvas.addEventListener("pointermove", (event) => { if (this.canvas.hasPointerCapture(event.pointerId)) jump(event); });
  }

  /** Paints what stays while the picture moves. */
  prepare() {
    const { placed, model, inks } = this.view;
    const height = this.canvas.clientHeight || this.view.panels[0].height, scale = window.devicePixelRatio || 1;
    this.canvas.width = GraphMap.WIDTH * scale;
    this.canvas.height = height * scale;
    this.size = { x: (GraphMap.WIDTH - 14) / placed.width, y: height / placed.height, height };
    this.base = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const context = this.base.getContext("2d");
    context.scale(scale, scale);
    const items = [...placed.items].sort(([one], [two]) => graphChanged(model, one) - graphChanged(model, two));
    for (const [item, box] of items) {
      const changed = graphChanged(model, item);
      context.fillStyle = changed ? inks.of(model, item) : inks.rule;
      const [x, y, wide, high] = [box.x * this.size.x + 9, box.y * this.size.y, box.width * this.size.x, Math.max(1, box.height * this.size.y)];
      context.fillRect(x, y, wide, Math.max(high, changed ? 3 : 1));
      if (!changed) continue;
      context.beginPath();
      context.moveTo(0, y + high / 2 - 5);
      context.lineTo(7, y + high / 2);
      context.lineTo(0, y + high / 2 + 5);
      context.fill();
    }
  }

  show(transform) {
    if (this.canvas.hidden || !this.base?.width || !this.base.height) return;
    const context = this.canvas.getContext("2d"), scale = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.base, 0, 0);
    context.scale(scale, scale);
    const top = (-transform.y / transform.k) * this.size.y, high = (this.view.panels[0].height / transform.k) * this.size.y;
    context.strokeStyle = this.view.inks.focus;
    context.lineWidth = 2;
    context.strokeRect(1, Math.max(1, top), GraphMap.WIDTH - 2, Math.max(6, Math.min(high, this.size.height - 2)));
  }
}

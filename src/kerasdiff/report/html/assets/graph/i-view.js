// Both panels as one picture: what is folded, where it stands, what part of it is seen, and what is walked on.
class GraphView extends EventTarget {
  constructor(model, stage) {
    super();
    Object.assign(this, { model, stage, placed: null, active: null, found: new Set(), single: false, shownSide: 0 });
    this.folding = new GraphFolding(model);
    this.layout = new GraphLayout();
    this.inks = new GraphInks();
    this.transform = d3.zoomIdentity;
    this.panels = model.sides.map((_, side) => new GraphPanel(this, side));
    this.map = new GraphMap(this);
    this.moves = new GraphMoves(this);
    stage.append(...this.panels.map((panel) => panel.element), this.map.canvas, this.moves.svg);
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.#zooming();
    new ResizeObserver(() => this.resize()).observe(stage);
    document.addEventListener("kerasdiff:theme", () => {
      this.inks.refresh();
      if (this.placed) this.map.prepare();
      this.draw();
    });
  }

  // Zoom and place ---------------------------------------------------------------------------------------------

  #zooming() {
    this.zoom = d3.zoom().scaleExtent([0.02, 2.5]).clickDistance(4)
      .filter((event) => (event.type === "wheel" ? event.ctrlKey || event.metaKey : !event.button))
      .on("zoom", ({ transform }) => {
        this.transform = transform;
        for (const panel of this.panels) panel.frame.__zoom = transform; // the panels share one transform
        this.draw();
      });
    for (const panel of this.panels) {
      d3.select(panel.frame).call(this.zoom).on("dblclick.zoom", null);
      panel.frame.addEventListener("wheel", (event) => this.#wheel(panel, event), { passive: false });
      panel.frame.addEventListener("click", (event) => this.#click(panel, event));
      panel.frame.addEventListener("dblclick", (event) => this.#open(panel, event));
    }
  }

  /** The wheel scrolls both panels while one of them has the focus, else the page; with Ctrl it zooms. */
  #wheel(panel, event) {
    if (event.ctrlKey || event.metaKey || !this.placed || !this.stage.contains(document.activeElement)) return;
    const step = event.deltaMode === 1 ? 24 : 1;
    const before = this.transform;
    this.zoom.translateBy(d3.select(panel.frame), -(event.shiftKey ? event.deltaY : event.deltaX) * step / before.k, -(event.shiftKey ? 0 : event.deltaY) * step / before.k);
    if (this.transform.x !== before.x || this.transform.y !== before.y) event.preventDefault();
  }

  #to(transform, atOnce = false) {
    const frame = d3.select(this.panels[this.shownSide].frame);
    if (atOnce || this.still.matches) this.zoom.transform(frame, transform);
    else frame.transition().duration(260).call(this.zoom.transform, transform);
  }

  scale(factor) { this.#to(this.transform.translate(...this.#middle()).scale(Math.max(0.02, Math.min(2.5, this.transform.k * factor)) / this.transform.k).translate(...this.#middle().map((v) => -v))); }

  #middle() {
    const { width, height } = this.panels[this.shownSide];
    return this.transform.invert([width / 2, height / 2]);
  }

  centre(x, y, k = this.transform.k) {
    const { width, height } = this.panels[this.shownSide];
    this.#to(d3.zoomIdentity.translate(width / 2 - x * k, height / 2 - y * k).scale(k), true);
  }

  /** The whole graph. */
  fit(atOnce = false) {
    const { width, height } = this.panels[this.shownSide], { placed } = this;
    const k = Math.max(0.02, Math.min(1, (width - 32) / placed.width, (height - 32) / placed.height));
    this.#to(d3.zoomIdentity.translate((width - placed.width * k) / 2, (height - placed.height * k) / 2).scale(k), atOnce);
  }

  /** Some items with what is around them, as large as can be read. */
  focus(items, atOnce = false) {
    const boxes = items.map((item) => this.placed.items.get(item)).filter(Boolean);
    if (boxes.length === 0) return;
    const { width, height } = this.panels[this.shownSide];
    boxes.push(...this.#connected(items, height / 0.75));
    const near = [...boxes, ...this.#neighbours(items)];
    const [left, right] = [d3.min(near, (b) => b.x) - 20, d3.max(near, (b) => b.x + b.width) + 20];
    const [top, bottom] = [d3.min(boxes, (b) => b.y), d3.max(boxes, (b) => b.y + b.height)];
    const k = Math.max(0.7, Math.min(1, width / (right - left), (height - 90) / (bottom - top)));
    const first = d3.least(boxes, (b) => b.y);
    const tall = (bottom - top) * k > height - 60;
    const middle = (right - left) * k > width ? first.x + first.width / 2 : (left + right) / 2;
    const y = tall ? height * 0.3 - first.y * k : height / 2 - ((top + bottom) / 2) * k;
    const low = height - 24 - this.placed.height * k;
    const kept = this.placed.height * k < height ? (height - this.placed.height * k) / 2 : Math.min(24, Math.max(low, y));
    const side = this.placed.width * k < width ? (width - this.placed.width * k) / 2 : width / 2 - middle * k;
    this.#to(d3.zoomIdentity.translate(side, kept).scale(k), atOnce);
  }

  /** What edges of one side alone lead to, where it can be shown with the items. */
  #connected(items, room) {
    const wanted = new Set(items);
    const ends = this.placed.edges.filter((edge) => graphLone(edge) && wanted.has(edge.to) && !wanted.has(edge.from)).map((edge) => this.placed.items.get(edge.from));
    const top = d3.min(items, (item) => this.placed.items.get(item)?.y), bottom = d3.max(items, (item) => this.placed.items.get(item)?.y);
    return ends.filter((box) => Math.max(bottom, box.y) - Math.min(top, box.y) + 150 < room);
  }

  #neighbours(items) {
    const wanted = new Set(items);
    return this.placed.edges.filter((edge) => wanted.has(edge.from) !== wanted.has(edge.to))
      .map((edge) => this.placed.items.get(wanted.has(edge.from) ? edge.to : edge.from)).filter(Boolean);
  }

  // Drawing ----------------------------------------------------------------------------------------------------

  draw() {
    if (!this.placed || this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      for (const panel of this.panels) if (!this.single || panel.side === this.shownSide) panel.show(this.transform);
      this.moves.show(this.transform);
      this.map.show(this.transform);
    });
  }

  resize() {
    if (!this.stage.clientWidth) return; // not shown now, and to be shown as it was
    this.single = this.model.sides.length > 1 && this.stage.clientWidth < 620;
    this.stage.classList.toggle("graph-single", this.single);
    this.panels.forEach((panel, side) => { panel.element.hidden = this.single && side !== this.shownSide; });
    const before = this.panels[this.shownSide].width;
    if (this.placed) this.map.canvas.hidden = this.single || this.placed.height < 2.2 * this.panels[this.shownSide].frame.clientHeight; // before widths are measured, for it takes some
    for (const panel of this.panels) {
      panel.resize();
      panel.area = null;
    }
    this.moves.measure();
    if (!this.placed) return;
    const { width, height } = this.panels[this.shownSide];
    this.zoom.translateExtent([[-width, -height * 0.7], [this.placed.width + width, this.placed.height + height * 0.7]]);
    if (!this.map.canvas.hidden) this.map.prepare();
    if (before && before !== width) this.#to(d3.zoomIdentity.translate(this.transform.x + (width - before) / 2, this.transform.y).scale(this.transform.k), true);
    this.dispatchEvent(new Event("resized"));
    this.draw();
  }

  /** Shows the other side where one alone has room. */
  turn(side) {
    this.shownSide = side;
    this.resize();
  }

  /** Lays out what is seen now; an item given stays where it is on the screen. */
  arrange(anchor = null) {
    this.arranging = this.#arrange(anchor);
    return this.arranging;
  }

  async #arrange(anchor) {
    const number = (this.asking = (this.asking ?? 0) + 1);
    const before = anchor === null ? null : this.#screen(anchor);
    this.stage.setAttribute("aria-busy", "true");
    const seen = this.folding.seen();
    const placed = await this.layout.arrange(seen).finally(() => {
      if (number === this.asking) this.stage.removeAttribute("aria-busy");
    });
    if (number !== this.asking) return;
    Object.assign(this, { placed, seen });
    this.stage.dataset.items = String(seen.items.size);
    for (const panel of this.panels) panel.clear();
    if (this.active) this.active = { ...this.active, item: this.folding.item(this.model.members(this.active.item)[0]) };
    this.refind();
    this.resize();
    const after = anchor === null ? null : this.#screen(anchor);
    if (before && after) this.#to(d3.zoomIdentity.translate(this.transform.x + before.x - after.x, this.transform.y + before.y - after.y).scale(this.transform.k), true);
    this.draw();
  }

  /** The open group around an item, -1 for none. */
  around(item) { return this.seen.items.get(item); }

  #screen(place) {
    const box = this.placed?.items.get(this.folding.item(place));
    return box ? { x: this.transform.applyX(box.x), y: this.transform.applyY(box.y) } : null;
  }

  // Acting -----------------------------------------------------------------------------------------------------

  /** The item, or the head of the open group, under the pointer. */
  #under(panel, event) {
    const frame = panel.frame.getBoundingClientRect();
    const [x, y] = this.transform.invert([event.clientX - frame.left, event.clientY - frame.top]);
    const holds = (box, high = box.height) => x >= box.x - 3 && x <= box.x + box.width + 3 && y >= box.y - 3 && y <= box.y + high + 3;
    for (const [item, box] of this.placed.items) if (holds(box)) return { item };
    for (const [group, box] of [...this.placed.boxes].reverse()) if (holds(box, 26)) return { group };
    return null;
  }

  #click(panel, event) {
    if (!this.placed) return;
    panel.frame.focus({ preventScroll: true });
    const under = this.#under(panel, event);
    if (under === null) this.select(null);
    else if (under.group !== undefined) this.toggle(under.group);
    else if (this.model.group(under.item)) this.toggle(this.model.group(under.item).index);
    else this.select(under.item, this.model.has(under.item, panel.side) ? panel.side : 1 - panel.side, { open: true });
  }

  #open(panel, event) {
    const under = this.placed && this.#under(panel, event);
    if (under?.item && this.model.place(under.item)) this.focus([under.item]);
  }

  async toggle(group) {
    const anchor = this.model.groups[group].members[0];
    this.folding.toggle(group);
    if (this.active && this.model.members(this.active.item).includes(anchor)) this.active = { ...this.active, item: this.folding.item(anchor) };
    await this.arrange(anchor);
    this.tell();
  }

  async refold(how) {
    const anchor = this.active ? this.model.members(this.active.item)[0] : null;
    this.folding[how]();
    await this.arrange(anchor);
    if (this.active) this.focus([this.active.item]);
    else this.first(true);
  }

  /** Walks to an item on a side; `open` shows what it holds. */
  select(item, side = 0, { open = false, show = false } = {}) {
    this.active = item === null ? null : { item, side };
    if (item !== null && this.single && side !== this.shownSide) this.turn(side);
    if (show) this.intoView(item);
    for (const panel of this.panels) panel.mark();
    this.draw();
    this.dispatchEvent(new CustomEvent("selected", { detail: { open } }));
    this.tell();
  }

  /** Moves the picture just so far that an item is seen. */
  intoView(item) {
    const box = this.placed.items.get(item), { width, height } = this.panels[this.shownSide], t = this.transform;
    const [left, top, right, bottom] = [t.applyX(box.x), t.applyY(box.y), t.applyX(box.x + box.width), t.applyY(box.y + box.height)];
    const dx = left < 20 ? 20 - left : right > width - 20 ? width - 20 - right : 0;
    const dy = top < 60 ? height / 2 - top : bottom > height - 60 ? height / 2 - bottom : 0;
    if (t.k < GraphPanel.FAR) this.focus([item]);
    else if (dx || dy) this.#to(d3.zoomIdentity.translate(t.x + dx, t.y + dy).scale(t.k));
  }

  /** Opens what hides some places, and shows them. */
  async reveal(places, { open = false, atOnce = false, walk = true } = {}) {
    const turn = (this.turns = (this.turns ?? 0) + 1);
    await (this.folding.reveal(places) ? this.arrange() : this.arranging);
    if (turn !== this.turns) return;
    const items = [...new Set(places.map((place) => this.folding.item(place)))];
    this.focus(items, atOnce);
    if (walk && items.length) this.select(items[0], this.model.has(items[0], 0) && !(this.single && this.shownSide === 1 && this.model.has(items[0], 1)) ? 0 : this.model.sides.length - 1, { open });
  }

  /** The first change, or the beginning; the whole graph where it can be read. */
  first(atOnce = false) {
    const { width, height } = this.panels[this.shownSide], { placed } = this;
    if (Math.min((width - 32) / placed.width, (height - 32) / placed.height) >= 0.72) this.fit(atOnce);
    else {
      const [change] = this.model.changes();
      const places = change ? change.places : [0];
      this.focus([...new Set(places.map((place) => this.folding.item(place)))], atOnce);
    }
  }

  refind() { this.found = new Set((this.matches ?? []).map((place) => this.folding.item(place))); }

  find(places) {
    this.matches = places;
    this.refind();
    for (const panel of this.panels) panel.mark();
    this.draw();
  }

  tell() { this.dispatchEvent(new Event("told")); }
}

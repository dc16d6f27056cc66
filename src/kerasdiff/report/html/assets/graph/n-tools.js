// The bar above the panels, the legend below, and what is said of the node that is walked on.
class GraphTools {
  constructor(view) {
    this.view = view;
    this.details = new GraphDetails(view);
    this.changes = new GraphChanges(view);
    this.search = new GraphSearch(view);
    this.keys = new GraphKeys(view, this);
    this.only = graphButton("Changes only", "Changes only", () => this.filter());
    this.only.setAttribute("aria-pressed", "false");
    this.only.hidden = this.changes.all.length === 0 || view.model.groups.length === 0;
    const folds = [graphButton("Fold all", "Fold all", () => this.refold("foldAll")), graphButton("Unfold all", "Unfold all", () => this.refold("unfoldAll"))];
    for (const fold of folds) fold.hidden = view.model.groups.length === 0;
    this.sides = graphElement("div", { class: "graph-sides" }, ...(view.model.sides.length > 1 ? view.model.sides.map((side, number) => graphButton(side.title, side.title, () => view.turn(number))) : []));
    const zooms = [graphButton("−", "Zoom out (-)", () => view.scale(1 / 1.3)), graphButton("+", "Zoom in (+)", () => view.scale(1.3)), graphButton("Whole", "Show the whole graph (0)", () => view.fit()), graphButton("?", "Keys (?)", () => this.help())];
    this.bar = graphElement("div", { class: "graph-bar" }, this.changes.element, this.only, graphElement("div", { class: "graph-folds" }, ...folds), this.search.element, this.sides, graphElement("div", { class: "graph-zooms" }, ...zooms));
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", "Graph");
    this.bar.addEventListener("keydown", (event) => { if (event.key === "Escape" && event.target !== this.search.input) this.keys.close(); });
    this.said = graphElement("p", { class: "graph-said unseen" });
    this.said.setAttribute("aria-live", "polite");
    view.addEventListener("told", () => this.#say());
    view.addEventListener("resized", () => this.#turned());
    this.legend = this.#legend();
  }

  filter() { this.refold(this.only.getAttribute("aria-pressed") === "true" ? "asBefore" : "changesOnly"); }

  async refold(how) {
    this.only.setAttribute("aria-pressed", String(how === "changesOnly"));
    await this.view.refold(how);
  }

  help() {
    this.keys.list.hidden = !this.keys.list.hidden;
    this.view.resize();
  }

  #turned() {
    this.sides.hidden = !this.view.single;
    [...this.sides.children].forEach((button, side) => button.setAttribute("aria-pressed", String(side === this.view.shownSide)));
  }

  #say() {
    const { active, model } = this.view;
    if (active === null) {
      this.said.textContent = "";
      return;
    }
    const group = model.group(active.item), place = model.place(active.item);
    const side = model.sides.length > 1 ? `, ${model.sides[active.side].title}` : "";
    if (group) {
      const changes = group.changes ? `, ${group.changes} of them differ` : "";
      this.said.textContent = `${group.label || "equal nodes"}${side}: ${group.members.length} nodes, folded${changes}`;
      return;
    }
    const node = place.nodes[active.side] ?? place.known;
    const state = model.sides.length > 1 ? `, ${model.states[place.state]}` : "";
    const around = place.around.length ? `, in ${place.around.map((each) => model.groups[each].label || "equal nodes").join(" in ")}` : "";
    this.said.textContent = `${node.display} ${node.id}${side}${state}, output ${(node.shapes ?? []).join(" and ") || "none"}${around}`;
  }

  /** The states that are there, each as it looks. */
  #legend() {
    const { model } = this.view;
    const legend = graphElement("ul", { class: "graph-legend" });
    if (model.sides.length < 2) return legend;
    const there = Object.keys(model.marks).filter((state) => model.places.some((place) => place.state === state));
    for (const state of there) {
      const icon = graphSvg("svg", { viewBox: "-10 -10 72 46", width: 40, height: 26, "aria-hidden": "true" });
      const node = graphSvg("g", { class: `graph-node graph-state-${state}` }, graphSvg("path", { class: "graph-outline", d: graphOutlines[state](56, 30) }));
      if (model.marks[state]) node.append(graphBadge(model.marks[state], 0, 0));
      icon.append(node);
      legend.append(graphElement("li", {}, icon, graphElement("span", { textContent: model.states[state] })));
    }
    const lone = model.edges.filter(graphLone);
    for (const [state, side] of [["deleted", 0], ["inserted", 1]]) {
      if (!lone.some((edge) => edge.on[side])) continue;
      const icon = graphSvg("svg", { viewBox: "0 0 40 26", width: 40, height: 26, "aria-hidden": "true" });
      icon.append(graphSvg("path", { class: `graph-edge graph-edge-${state}`, d: "M2 13H38" }));
      legend.append(graphElement("li", {}, icon, graphElement("span", { textContent: `value that goes there in the ${model.sides[side].title} alone` })));
    }
    if (model.places.some((place) => graphDelta(model, place.known))) {
      legend.append(graphElement("li", { textContent: "Δ how far values are apart, as a fraction of scale; bold where they part though all aligned nodes before agree" }));
    }
    return legend;
  }
}

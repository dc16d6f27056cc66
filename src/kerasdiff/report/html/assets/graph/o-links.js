// The ways from the page to the graphs: each edit, and each name in the table of layers, leads to where it stands.
class GraphLinks {
  constructor(view, tools, element) {
    Object.assign(this, { view, tools, element });
    tools.changes.all.forEach((change, at) => {
      const head = change.edit && document.querySelector(`#edit-${change.number + 1} h3`);
      head?.append(this.#button("Show in the graph", () => tools.changes.go(at)));
    });
    const table = document.getElementById("layer-table");
    if (table !== null) this.#rows(table);
    // A plot says which node of which side it is about.
    document.addEventListener("kerasdiff:select", ({ detail }) => {
      const side = detail.side === "reference" ? 0 : view.model.sides.length - 1;
      const place = view.model.find(side, detail.node);
      if (place !== undefined) this.#go(() => this.#show(place, side));
    });
  }

  #button(text, act) {
    const button = graphElement("button", { type: "button", class: "graph-jump", textContent: text });
    button.addEventListener("click", () => this.#go(act));
    return button;
  }

  /** Brings the graphs into view, and there does what is asked. */
  async #go(act) {
    this.element.scrollIntoView({ block: "start", behavior: this.view.still.matches ? "auto" : "smooth" });
    await act();
    this.view.panels[this.view.active?.side ?? 0].frame.focus({ preventScroll: true });
  }

  /** Names are in the second column and in the fourth; a cell that says there is none spans two. */
  #rows(table) {
    const { model } = this.view;
    const places = model.sides.map((side, number) => new Map(side.nodes.map((node, at) => [node.id, model.at[number].get(at)])));
    for (const row of table.tBodies ? [...table.tBodies].flatMap((body) => [...body.rows]) : []) {
      let column = 0;
      for (const cell of row.cells) {
        const side = column === 1 ? 0 : column === 3 ? 1 : -1;
        const place = side < 0 || cell.colSpan > 1 ? undefined : places[side].get(cell.textContent);
        if (place !== undefined) cell.replaceChildren(this.#button(cell.textContent, () => this.#show(place, side)));
        column += cell.colSpan;
      }
    }
  }

  async #show(place, side) {
    await this.view.reveal([place], { walk: false });
    this.view.select(this.view.folding.item(place), side, { open: true });
  }
}

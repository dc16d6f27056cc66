// Search by name, op, or file and line, over both sides.
class GraphSearch {
  constructor(view) {
    this.view = view;
    this.matches = [];
    this.at = -1;
    this.input = graphElement("input", { type: "search", placeholder: "Search: name, op, file:line", autocomplete: "off", spellcheck: false });
    this.input.setAttribute("aria-label", "Search the graph by name, op, or file and line");
    this.count = graphElement("span", { class: "graph-count" });
    this.count.setAttribute("role", "status");
    this.previous = graphButton("‹", "Previous match", () => this.step(-1));
    this.next = graphButton("›", "Next match", () => this.step(1));
    this.element = graphElement("div", { class: "graph-search", role: "search" }, this.input, this.count, this.previous, this.next);
    this.texts = view.model.places.map((place) => place.nodes.filter(Boolean).map((node) => [node.id, node.display, node.op, view.model.line(node.line)?.text, view.model.line(node.called)?.text].join("\n")).join("\n").toLowerCase());
    this.input.addEventListener("input", () => this.search());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      if (event.key !== "Escape") return;
      this.input.value = "";
      this.search();
      view.panels[view.shownSide].frame.focus({ preventScroll: true });
    });
    this.search();
  }

  search() {
    const wanted = this.input.value.trim().toLowerCase();
    this.matches = wanted ? this.view.model.places.map((place) => place.index).filter((place) => this.texts[place].includes(wanted)) : [];
    this.at = -1;
    this.view.find(this.matches);
    this.tell();
  }

  async step(by) {
    if (!this.matches.length) return;
    this.at = this.at < 0 && by < 0 ? this.matches.length - 1 : (this.at + by + this.matches.length) % this.matches.length;
    this.tell();
    await this.view.reveal([this.matches[this.at]]);
  }

  tell() {
    const { length } = this.matches, searching = this.input.value.trim() !== "";
    this.count.textContent = !searching ? "" : length === 0 ? "no match" : this.at < 0 ? `${length} match${length === 1 ? "" : "es"}` : `${this.at + 1} of ${length}`;
    this.next.disabled = this.previous.disabled = length === 0;
  }
}

function graphButton(text, label, act) {
  const button = graphElement("button", { type: "button", textContent: text, title: label });
  if (text !== label) button.setAttribute("aria-label", label);
  button.addEventListener("click", act);
  return button;
}

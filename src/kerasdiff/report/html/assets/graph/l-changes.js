// From change to change: which of them is shown, and what it says.
class GraphChanges {
  constructor(view) {
    this.view = view;
    this.all = view.model.changes();
    this.at = -1;
    this.count = graphElement("span", { class: "graph-count" });
    this.told = graphElement("p", { class: "graph-told" });
    this.told.setAttribute("aria-live", "polite");
    this.element = graphElement("div", { class: "graph-changes" }, graphButton("‹", "Previous change (p)", () => this.step(-1)), this.count, graphButton("›", "Next change (n)", () => this.step(1)));
    this.element.hidden = this.all.length === 0;
    this.tell();
  }

  async step(by) {
    const { length } = this.all;
    if (length) await this.go(this.at < 0 ? (by > 0 ? 0 : length - 1) : (this.at + by + length) % length);
  }

  async go(at) {
    this.at = at;
    this.tell();
    await this.view.reveal(this.all[at].places);
  }

  tell() {
    const { length } = this.all;
    this.count.textContent = this.at < 0 ? `${length} change${length === 1 ? "" : "s"}` : `Change ${this.at + 1} of ${length}`;
    const change = this.all[Math.max(0, this.at)];
    if (!change) this.told.textContent = this.view.model.sides.length > 1 ? "No node differs." : "";
    else if (change.edit) this.told.textContent = `${change.number + 1}. ${change.edit.text}.`;
    else this.told.textContent = this.view.model.states[this.view.model.places[change.places[0]].state];
  }
}

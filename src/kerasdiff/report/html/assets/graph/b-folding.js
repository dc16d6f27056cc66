// Which groups are folded, and what is seen then.
class GraphFolding {
  constructor(model) {
    this.model = model;
    this.folded = new Set(model.groups.filter((group) => group.folded).map((group) => group.index));
  }

  /** What a place is seen as: the outermost folded group around it, or itself. */
  item(place) {
    const outer = this.model.places[place].around.find((group) => this.folded.has(group));
    return outer === undefined ? `n${place}` : `g${outer}`;
  }

  toggle(group) { if (!this.folded.delete(group)) this.folded.add(group); }
  foldAll() { this.folded = new Set(this.model.groups.filter((group) => group.kind !== "run").map((group) => group.index)); }
  unfoldAll() { this.folded.clear(); }

  /** Folds everything in which nothing differs, and opens the rest. */
  changesOnly() {
    this.before = this.folded;
    this.folded = new Set(this.model.groups.filter((group) => group.changes === 0).map((group) => group.index));
  }

  /** What was folded before that. */
  asBefore() { this.folded = this.before; }

  /** Opens what hides some places, but no group of one side alone that has no other change; whether any was hidden. */
  reveal(places) {
    const before = this.folded.size, wanted = new Set(places), { model } = this;
    const told = (group) => places.length > 1 && group.state !== "" && group.members.every((member) => wanted.has(member) || !model.places[member].changed);
    for (const place of places) {
      for (const group of model.places[place].around) {
        if (this.folded.has(group) && told(model.groups[group])) break;
        this.folded.delete(group);
      }
    }
    return this.folded.size !== before;
  }

  /** Items, open groups and edges between items; an edge through a gap comes with the items in it. */
  seen() {
    const { model } = this;
    const items = new Map(), boxes = new Set();
    const seenAs = model.places.map((place) => this.item(place.index));
    model.places.forEach((place, index) => {
      if (items.has(seenAs[index])) return;
      const group = model.group(seenAs[index]);
      const around = group === null ? place.around : place.around.slice(0, place.around.indexOf(group.index));
      items.set(seenAs[index], around.at(-1) ?? -1);
      for (const each of around) boxes.add(each);
    });
    const edges = new Map(), through = [];
    for (const edge of model.edges) {
      const from = seenAs[edge.from], to = seenAs[edge.to];
      if (from === to) continue;
      const steps = edge.via === null ? [] : [from, ...edge.via.map((place) => seenAs[place]), to];
      const chain = steps.filter((step, at) => at === 0 || step !== steps[at - 1]);
      if (chain.length > 2 && new Set(chain).size === chain.length) {
        through.push({ from, to, on: edge.on, chain });
        continue;
      }
      const key = `${from}>${to}`;
      const known = edges.get(key) ?? { from, to, on: edge.on.map(() => false), chain: null };
      known.on = known.on.map((is, side) => is || edge.on[side]);
      edges.set(key, known);
    }
    const parent = (box) => model.groups[box].parent;
    return { items, boxes: [...boxes].sort((a, b) => a - b), parent, edges: [...edges.values()], through };
  }
}

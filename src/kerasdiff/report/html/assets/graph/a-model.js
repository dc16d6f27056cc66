// One graph of both models, as the page's data has it: a place stands for a pair of aligned nodes, or for a node of one
// side. An item is what a reader sees of it: a place ("n12"), or a folded group of places ("g3").
class GraphModel {
  constructor(data) {
    Object.assign(this, { data, sides: data.sides, states: data.states, marks: data.marks, limit: data.limit, edits: data.edits });
    this.groups = data.union.groups.map((group, index) => ({ ...group, index, members: [], inside: [] }));
    this.differing = new Set(data.union.changed);
    this.places = data.union.places.map((pair, index) => this.#place(pair, index));
    this.at = this.sides.map((side, number) => new Map(this.places.filter((place) => place.nodes[number] !== null).map((place) => [place.pair[number], place.index])));
    this.moves = data.union.moves;
    this.partner = new Map(this.moves.flatMap(([one, two]) => [[one, two], [two, one]]));
    for (const group of this.groups) this.#fill(group);
    this.edges = this.#edges();
    this.#throughGaps();
  }

  #place(pair, index) {
    const nodes = this.sides.map((side, number) => (pair[number] === null ? null : side.nodes[pair[number]]));
    const group = this.data.union.of[index];
    const around = [];
    for (let at = group; at >= 0; at = this.groups[at].parent) around.unshift(at);
    for (const at of around) this.groups[at].members.push(index);
    const known = nodes.find((node) => node !== null);
    const edits = [...new Set(nodes.flatMap((node) => node?.edits ?? []))].sort((a, b) => a - b);
    return { index, pair, nodes, group, around, known, state: known.state ?? "kept", edits, changed: this.differing.has(index) };
  }

  #fill(group) {
    const places = group.members.map((member) => this.places[member]);
    group.changes = places.filter((place) => place.changed).length;
    group.parameters = this.sides.map((_, side) => places.reduce((sum, place) => sum + (place.nodes[side]?.parameters ?? 0), 0));
    group.has = this.sides.map((_, side) => places.some((place) => place.nodes[side] !== null));
    const lone = group.has.indexOf(false);
    group.state = lone < 0 || this.sides.length < 2 ? "" : ["inserted", "deleted"][lone];
    if (group.parent >= 0) this.groups[group.parent].inside.push(group.index);
  }

  /** One edge for each pair of places of which one takes a value of the other; `on` says on which sides. */
  #edges() {
    const found = new Map();
    this.sides.forEach((side, number) => side.nodes.forEach((node, user) => {
      for (const [used] of node.operands ?? []) {
        const from = this.at[number].get(used), to = this.at[number].get(user), key = `${from}>${to}`;
        if (!found.has(key)) found.set(key, { from, to, on: this.sides.map(() => false), via: null });
        found.get(key).on[number] = true;
      }
    }));
    const edges = [...found.values()].sort((a, b) => a.to - b.to || a.from - b.from);
    this.into = this.places.map(() => []);
    this.out = this.places.map(() => []);
    for (const edge of edges) {
      this.into[edge.to].push(edge);
      this.out[edge.from].push(edge);
    }
    return edges;
  }

  /** An edge of one side that closes the gap of what only the other side has is drawn straight through that gap. */
  #throughGaps() {
    if (this.sides.length < 2) return;
    for (const edge of this.edges) {
      if (edge.on[0] === edge.on[1]) continue;
      const other = edge.on[0] ? 1 : 0;
      for (const last of this.into[edge.to]) {
        const via = [];
        let step = last;
        while (step && step.on[other] && this.places[step.from].nodes[1 - other] === null) {
          via.unshift(step.from);
          const before = this.into[step.from].filter((each) => each.on[other]);
          step = before.length === 1 ? before[0] : null;
        }
        if (step && via.length && step.on[other] && step.from === edge.from) {
          edge.via = via;
          break;
        }
      }
    }
  }

  group(item) { return item[0] === "g" ? this.groups[+item.slice(1)] : null; }
  place(item) { return item[0] === "n" ? this.places[+item.slice(1)] : null; }
  has(item, side) { return this.group(item)?.has[side] ?? (this.place(item).nodes[side] !== null); }
  members(item) { return this.group(item)?.members ?? [+item.slice(1)]; }

  /** The line a node or its call stands in, with the code there. */
  line(number) {
    if (number === undefined) return null;
    const [file, line, code] = this.data.lines[number];
    return { text: `${file}:${line}`, code };
  }

  settings(node) { return node.attributes === undefined ? [] : this.data.settings[node.attributes]; }

  weights(node) {
    return (node.weights ?? []).map(([path, kind, gradient]) => {
      const [shape, dtype, trainable, initializer, regularizer, constraint] = this.data.kinds[kind];
      return { path, shape, dtype, trainable, initializer, regularizer, constraint, gradient };
    });
  }

  /** The place of a node by its side and id, or undefined. */
  find(side, id) {
    return this.at[side].get(this.sides[side].nodes.findIndex((node) => node.id === id));
  }

  /** Changes in order, each the places it is about: the edits, then what differs without one. */
  changes() {
    const told = this.edits.map((edit, number) => ({
      edit, number, places: [...new Set(edit.nodes.flatMap((nodes, side) => nodes.map((node) => this.at[side].get(node))))],
    })).filter((change) => change.places.length > 0);
    const untold = this.places.filter((place) => place.changed && place.edits.length === 0);
    return told.length ? told : untold.map((place) => ({ edit: null, number: null, places: [place.index] }));
  }
}

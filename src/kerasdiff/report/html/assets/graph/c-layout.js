// Where everything stands: elk lays out in a worker, so that the page can be scrolled meanwhile.
class GraphLayout {
  static WIDTH = 212;
  static HEIGHT = 40;
  static #OPTIONS = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.layered.thoroughness": "3", // 7, as elk has it, takes EfficientNetV2S from 2.7 s to 4.5 s and looks the same
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.layered.spacing.nodeNodeBetweenLayers": "22",
    "elk.layered.spacing.edgeNodeBetweenLayers": "11",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
    "elk.spacing.nodeNode": "26",
    "elk.spacing.edgeNode": "16",
    "elk.spacing.edgeEdge": "12",
    "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
    "elk.json.shapeCoords": "ROOT",
    "elk.json.edgeCoords": "ROOT",
  };

  static #MANY = 600; // items above which the faster layering takes 2,000 nodes from 13.6 s to 6.3 s on a busy machine

  #elk = null;
  #broken = null;

  async #engine() {
    if (this.#elk === null) {
      const worker = new Worker(await kerasdiff.elkWorker());
      // What elk is asked of a worker that does not run it never answers.
      this.#broken = new Promise((_, reject) => {
        worker.addEventListener("error", (event) => {
          event.preventDefault();
          reject(new Error(event.message || "its worker does not start"));
        });
      });
      this.#elk = new ELK({ workerFactory: () => worker });
    }
    return this.#elk;
  }

  /** Positions of what `GraphFolding.seen` gives. */
  async arrange(seen) {
    const engine = await this.#engine();
    const root = this.#root(seen);
    const options = {
      ...GraphLayout.#OPTIONS,
      "elk.hierarchyHandling": seen.boxes.length ? "INCLUDE_CHILDREN" : "INHERIT",
      "elk.layered.layering.strategy": seen.items.size > GraphLayout.#MANY ? "LONGEST_PATH_SOURCE" : "NETWORK_SIMPLEX",
    };
    const placed = await Promise.race([engine.layout(root, { layoutOptions: options }), this.#broken]);
    return this.#read(placed, seen);
  }

  #root(seen) {
    const root = { id: "root", children: [], edges: [] };
    const boxes = new Map([[-1, root]]);
    const groups = new Map(seen.boxes.map((box) => [box, { id: `b${box}`, children: [], layoutOptions: { "elk.padding": "[top=32,left=14,bottom=14,right=14]" } }]));
    for (const [box, node] of groups) boxes.set(box, node);
    for (const [item, box] of seen.items) boxes.get(box).children.push({ id: item, width: GraphLayout.WIDTH, height: GraphLayout.HEIGHT });
    for (const [box, node] of groups) boxes.get(seen.parent(box)).children.push(node);
    root.edges = seen.edges.map((edge, number) => ({ id: `e${number}`, sources: [edge.from], targets: [edge.to] }));
    return root;
  }

  #read(placed, seen) {
    const items = new Map(), boxes = new Map();
    const read = (node) => {
      for (const child of node.children ?? []) {
        const box = { x: child.x, y: child.y, width: child.width, height: child.height };
        if (child.id[0] === "b") boxes.set(+child.id.slice(1), box);
        else items.set(child.id, box);
        read(child);
      }
    };
    read(placed);
    const routes = new Map();
    const edges = seen.edges.map((edge, number) => {
      const points = (placed.edges[number].sections ?? []).flatMap((part) => [part.startPoint, ...(part.bendPoints ?? []), part.endPoint]);
      routes.set(`${edge.from}>${edge.to}`, points);
      return { ...edge, points, bounds: GraphLayout.#bounds(points) };
    });
    for (const edge of seen.through) {
      const points = edge.chain.slice(1).flatMap((to, at) => routes.get(`${edge.chain[at]}>${to}`) ?? []);
      edges.push({ ...edge, points, bounds: GraphLayout.#bounds(points) });
    }
    return { items, boxes, edges, width: placed.width, height: placed.height };
  }

  static #bounds(points) {
    return { left: d3.min(points, (p) => p.x), right: d3.max(points, (p) => p.x), top: d3.min(points, (p) => p.y), bottom: d3.max(points, (p) => p.y) };
  }
}

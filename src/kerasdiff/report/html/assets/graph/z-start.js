"use strict";
// Draws the graphs of the page, where it has any, and ties its tables to them.
{
  const data = kerasdiff.data("graph-data"), home = document.getElementById("graphs");
  if (data !== null && home !== null) graphStart(data, home);

  async function graphStart(held, element) {
    const begun = performance.now();
    const stage = graphElement("div", { class: "graph-stage" });
    const model = new GraphModel(held);
    const view = new GraphView(model, stage);
    const tools = new GraphTools(view);
    element.classList.add("graph");
    element.classList.toggle("graph-one", model.sides.length === 1);
    element.replaceChildren(tools.bar, tools.keys.list, tools.changes.told, stage, tools.details.element, tools.legend, tools.said);
    try {
      view.resize();
      await view.arrange();
      view.first(true);
      element.dataset.ready = String(Math.round(performance.now() - begun));
    } catch (error) {
      const why = graphElement("p", { class: "aside", textContent: `The graphs cannot be drawn in this browser (${error.message}); the table of layers tells the same.` });
      element.replaceChildren(why);
      return;
    }
    graphLinks(view, tools, element);
  }

  /** What on the page names a node (`data-node`, "0:conv2d") or an edit (`data-edit`, "0") shows it in the graph. */
  function graphLinks(view, tools, element) {
    document.addEventListener("click", async (event) => {
      const link = event.target.closest("[data-node], [data-edit]");
      if (link === null || element.contains(link)) return;
      const { node, edit } = link.dataset;
      event.preventDefault();
      element.scrollIntoView({ block: "nearest", behavior: view.still.matches ? "auto" : "smooth" });
      if (edit !== undefined) await tools.changes.edit(+edit);
      else {
        const at = node.indexOf(":"), place = view.model.find(+node.slice(0, at), node.slice(at + 1));
        if (place !== undefined) await view.reveal([place], { open: true });
      }
      view.panels[view.active?.side ?? 0].frame.focus({ preventScroll: true });
    });
  }
}

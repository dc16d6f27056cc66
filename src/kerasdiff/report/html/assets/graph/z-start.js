"use strict";
// Draws the graphs of the page, where it has any.
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
    new GraphLinks(view, tools, element);
  }
}

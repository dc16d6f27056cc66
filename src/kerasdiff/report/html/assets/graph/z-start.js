// Draws the graphs of the page, where it has any; where the browser cannot, says so.
{
  const data = kerasdiff.data("graph-data"), home = document.getElementById("graphs");

  const start = async () => {
    const begun = performance.now();
    const stage = graphElement("div", { class: "graph-stage" });
    const model = new GraphModel(data);
    const view = new GraphView(model, stage);
    const tools = new GraphTools(view);
    home.classList.add("graph");
    home.classList.toggle("graph-one", model.sides.length === 1);
    home.replaceChildren(tools.bar, tools.keys.list, tools.changes.told, stage, tools.details.element, tools.legend, tools.said);
    view.resize();
    await view.arrange();
    view.first(true);
    home.dataset.ready = String(Math.round(performance.now() - begun));
    new GraphLinks(view, tools, home);
  };

  if (data !== null) {
    start().catch((error) => {
      const why = `The graphs cannot be drawn in this browser (${error.message}); the table below tells the same.`;
      home.replaceChildren(graphElement("p", { class: "aside", textContent: why }));
    });
  }
}

// Draws every plot of the page, and anew where its room changes.
{
  const { plots } = kerasdiff;
  const data = kerasdiff.data("plot-data") ?? {};
  const draw = (figure) => {
    const host = figure.querySelector(".plot-drawing");
    const held = data[figure.dataset.plot];
    const width = Math.floor(host.clientWidth);
    if (width < 120 || figure.drawn === width) return;
    figure.drawn = width;
    host.replaceChildren();
    plots.kinds[held.kind](host, held, width, figure.querySelector("h3").textContent);
  };
  const observer = new ResizeObserver((entries) => entries.forEach((entry) => draw(entry.target)));
  for (const figure of document.querySelectorAll("figure.plot")) {
    if (!data[figure.dataset.plot]) continue;
    figure.querySelector(".plot-drawing").hidden = false;
    draw(figure);
    observer.observe(figure);
  }
}

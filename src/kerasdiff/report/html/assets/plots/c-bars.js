// What each edit changes: bars on a log scale that begin at the limit, a panel for each measure.
{
  const plots = kerasdiff.plots;
  const ROW = 24;

  plots.kinds.bars = (host, data, width, title) => {
    const letters = Math.min(d3.max(data.rows, (row) => row.length), Math.floor(width * 0.36 / 6.4));
    const left = letters * 6.4 + 16;
    const each = Math.max(1, Math.min(data.panels.length, Math.floor((width - left) / 190)));
    const panel = (width - left) / each;
    const rows = data.rows.length;
    const block = 34 + rows * ROW + 6 + 40;
    const lines = Math.ceil(data.panels.length / each);
    plots.legend(host, [["plot-bar", "beyond the limit", "band"], ["plot-bar-within", "within it", "band"], ["plot-limit", "limit", "line"]]);
    const svg = plots.frame(host, width, lines * block);
    const panels = data.panels.map((one) => ({ ...one, limit: plots.number(one.limit), values: one.values.map(plots.number) }));
    const points = [];
    panels.forEach((one, number) => {
      const line = Math.floor(number / each);
      const x = left + (number % each) * panel;
      const y = line * block + 34;
      if (number % each === 0) labels(svg, data, letters, left, y);
      draw(svg.append("g").attr("transform", `translate(${x},${y})`), one, panel - 22, data, panels);
    });
    for (let row = 0; row < rows; row += 1) {
      const sizes = panels.map((one) => `${one.title} ${one.told[row]}`);
      points.push({ x: left, y: 34 + place(row, data) + ROW / 2, weigh: [0.0001, 1], lines: [data.rows[row], ...sizes] });
    }
    plots.cursor(host, svg, points, `${title}: arrow keys go from edit to edit`, (group, at) => {
      for (let line = 0; line < lines; line += 1) group.append("rect").attr("x", 1).attr("y", at.y + line * block - ROW / 2).attr("width", width - 2).attr("height", ROW);
    });
  };

  /** The top of a row; the last ones, which are of all edits, stand apart. */
  const place = (row, data) => row * ROW + (row >= data.rows.length - data.whole ? 6 : 0);

  const labels = (svg, data, letters, left, top) => {
    data.rows.forEach((row, number) => {
      const text = row.length > letters ? `${row.slice(0, letters - 1)}…` : row;
      svg.append("text").attr("class", "plot-name").attr("x", left - 10).attr("y", top + place(number, data) + ROW / 2).attr("dy", "0.32em").attr("text-anchor", "end").text(text);
    });
  };

  const draw = (group, one, width, data, panels) => {
    const height = place(data.rows.length - 1, data) + ROW;
    const log = plots.log([...panels.flatMap((other) => [...other.values, other.limit])], [0, width - 46]);
    group.append("text").attr("class", "plot-panel-title").attr("y", -14).text(one.title);
    plots.logAxis(group, log, height, { flat: true, words: false });
    plots.title(group, one.unit, (width - 46) / 2, height + 34);
    const start = log.place(one.limit ?? 0);
    one.values.forEach((value, row) => {
      const y = place(row, data) + 4;
      const told = group.append("text").attr("class", "plot-value").attr("y", y + ROW / 2 - 4).attr("dy", "0.32em");
      if (value === null) {
        told.attr("x", 4).text("not measured");
        return;
      }
      const end = log.place(value);
      const within = Math.abs(value) <= (one.limit ?? 0);
      group
        .append("rect")
        .attr("class", within ? "plot-bar-within" : row >= data.rows.length - data.whole ? "plot-bar plot-bar-whole" : "plot-bar")
        .attr("x", Math.min(start, end))
        .attr("y", y + (within ? 5 : 0))
        .attr("width", Math.max(1, Math.abs(end - start)))
        .attr("height", within ? ROW - 18 : ROW - 8);
      told.attr("x", Math.max(start, end) + 5).text(one.told[row]);
    });
    group.append("line").attr("class", "plot-limit").attr("x1", start).attr("x2", start).attr("y1", -4).attr("y2", height);
  };
}

// What each edit changes: bars on a log scale that begin at the limit, a panel for each measure.
{
  const plots = kerasdiff.plots;
  const NARROW = 560; // below, names stand above their bars, in every panel

  plots.kinds.bars = (host, data, width, title) => {
    const narrow = width < NARROW;
    const row = narrow ? 40 : 24;
    const letters = narrow
      ? Math.floor(width / 6.6)
      : Math.min(
          d3.max(data.rows, (name) => name.length),
          Math.floor((width * 0.36) / 6.4),
        );
    const left = narrow ? 2 : letters * 6.4 + 16;
    const each = narrow ? 1 : Math.max(1, Math.min(data.panels.length, Math.floor((width - left) / 190)));
    const grid = { row, narrow, letters, left };
    const panel = (width - left) / each;
    const rows = data.rows.length;
    const block = 34 + rows * row + 6 + 40;
    const lines = Math.ceil(data.panels.length / each);
    plots.legend(host, [
      ["plot-bar", "beyond the limit", "band"],
      ["plot-bar-within", "within it", "band"],
      ["plot-limit", "limit", "line"],
    ]);
    const svg = plots.frame(host, width, lines * block);
    const panels = data.panels.map((one) => ({
      ...one,
      limit: kerasdiff.number(one.limit),
      values: one.values.map(kerasdiff.number),
    }));
    const points = [];
    panels.forEach((one, number) => {
      const line = Math.floor(number / each);
      const x = left + (number % each) * panel;
      const y = line * block + 34;
      draw(svg.append("g").attr("transform", `translate(${x},${y})`), one, panel - 22, data, panels, grid);
      if (number % each === 0) labels(svg, data, grid, y);
    });
    data.rows.forEach((name, number) => {
      const sizes = panels.map((one) => `${one.title} ${one.told[number]}`);
      points.push({ x: left, y: 34 + place(number, data, row) + row / 2, weigh: [0.0001, 1], lines: [name, ...sizes] });
    });
    plots.cursor(host, svg, points, `${title}: arrow keys go from edit to edit`, (group, at) => {
      for (let line = 0; line < lines; line += 1)
        group
          .append("rect")
          .attr("x", 1)
          .attr("y", at.y + line * block - row / 2)
          .attr("width", width - 2)
          .attr("height", row);
    });
  };

  /** The top of a row; the last ones, which are of all edits, stand apart. */
  const place = (number, data, row) => number * row + (number >= data.rows.length - data.whole ? 6 : 0);

  const labels = (svg, data, { row, narrow, letters, left }, top) => {
    data.rows.forEach((name, number) => {
      const text = name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
      const label = svg.append("text").attr("class", "plot-name").attr("dy", "0.32em").text(text);
      label.attr("y", top + place(number, data, row) + (narrow ? 10 : row / 2));
      label.attr("x", narrow ? left : left - 10).attr("text-anchor", narrow ? "start" : "end");
    });
  };

  const draw = (group, one, width, data, panels, { row, narrow }) => {
    const height = place(data.rows.length - 1, data, row) + row;
    const log = plots.log(
      panels.flatMap((other) => [...other.values, other.limit]),
      [0, width - 46],
    );
    const thick = narrow ? row - 24 : row - 8;
    group.append("text").attr("class", "plot-panel-title").attr("y", -14).text(one.title);
    plots.logAxis(group, log, height, { flat: true, words: false });
    plots.foot(group, one.unit, width - 46, height + 34);
    const start = log.place(one.limit ?? 0);
    one.values.forEach((value, number) => {
      const y = place(number, data, row) + (narrow ? 19 : 4);
      const told = group
        .append("text")
        .attr("class", "plot-value")
        .attr("y", y + thick / 2)
        .attr("dy", "0.32em");
      if (value === null) {
        told.attr("x", 4).text("not measured");
        return;
      }
      const end = log.place(value);
      const within = Math.abs(value) <= (one.limit ?? 0);
      const kind = within
        ? "plot-bar-within"
        : number >= data.rows.length - data.whole
          ? "plot-bar plot-bar-whole"
          : "plot-bar";
      const bar = group.append("rect").attr("class", kind).attr("x", Math.min(start, end));
      bar.attr("width", Math.max(1, Math.abs(end - start))).attr("y", within ? y + thick / 2 - 3 : y);
      bar.attr("height", within ? 6 : thick);
      told.attr("x", Math.max(start, end) + 5).text(one.told[number]);
    });
    const line = group.append("line").attr("class", "plot-limit").attr("x1", start).attr("x2", start);
    line.attr("y1", -4).attr("y2", height);
  };
}

// Distances along a model on a log scale: of nodes, or of the gradients of weights. Few of them stand below each other with
// their names, as in the graph; many stand side by side.
{
  const plots = kerasdiff.plots;
  const ROWS = 40; // most that stand below each other
  const ROW = 19;
  const AROUND = 1e3; // times the limit that is seen on both of its sides in any case
  const SHAPES = {
    overall: ["symbolCircle", "overall"],
    local: ["symbolDiamond", "local"],
    gradient: ["symbolCircle", "overall"],
  };
  const WORDS = { overall: "overall", local: "local: fed the reference's values", gradient: "gradient" };

  plots.kinds.along = (host, data, width, title) => {
    const count = data.names.length;
    const rows = count <= ROWS;
    const series = data.series
      .map(({ name, values }) => ({ name, values: values.map(plots.number) }))
      .filter(({ values }) => values.some((value) => value !== null));
    const limits = data.limits.map(plots.number);
    const limit = (index) => limits[limits.length === 1 ? 0 : index];
    legend(host, series, limit, data.marks);
    const letters = rows
      ? Math.min(
          d3.max(data.names, ([one, two]) => Math.min((two || one).length, 44)),
          Math.floor((width * 0.4) / 6.6),
        )
      : 0;
    const margin = { top: rows ? 8 : 30, right: rows ? 40 : 16, bottom: 44, left: rows ? letters * 6.6 + 20 : 56 };
    const size = {
      width: width - margin.left - margin.right,
      height: rows ? count * ROW + 8 : Math.min(360, Math.max(260, width * 0.36)),
    };
    const svg = plots.frame(host, width, size.height + margin.top + margin.bottom);
    const plot = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    const log = plots.log(
      [...series.flatMap(({ values }) => values), ...limits.flatMap((value) => [value / AROUND, value * AROUND])],
      rows ? [0, size.width] : [size.height, 0],
    );
    const index = d3.scaleLinear([-0.5, count - 0.5], rows ? [0, size.height] : [0, size.width]);
    const at = (position, value) => (rows ? [log.place(value), index(position)] : [index(position), log.place(value)]);

    rounding(plot, log, size, rows, limits);
    plots.logAxis(plot, log, rows ? size.height : size.width, { flat: rows });
    if (rows) names(plot, data, index, letters, size);
    else {
      const axis = plot.append("g").attr("transform", `translate(0,${size.height})`);
      for (const tick of plots.whole(1, count, width / 90))
        axis
          .append("text")
          .attr("class", "plot-tick")
          .attr("x", index(tick - 1))
          .attr("y", 18)
          .attr("text-anchor", "middle")
          .text(d3.format(",")(tick));
    }
    if (rows) plots.foot(plot, data.y, size.width, size.height + 38);
    else {
      plots.foot(plot, data.x, size.width, size.height + 38);
      plots.title(svg, data.y, 0, 12);
    }
    limitLine(plot, limits, at, count, rows);
    marks(plot, data.marks, index, size, rows);
    if (!rows && limits.length === 1) {
      plots.word(plot, "beyond the limit", 6, log.place(limits[0]) - 10);
      plots.word(plot, "rounding", 6, log.place(limits[0]) + 11);
    }
    for (const { name, values } of [...series].reverse()) draw(plot, name, values, at, limit, count);
    first(plot, data, series[0].values, at, limit, rows, size);
    const points = data.names.map((_, position) => {
      const worst = series.map(({ values }) => values[position]).filter((value) => value !== null);
      const [x, y] = at(position, worst.length ? (worst.find((value) => !Number.isFinite(value)) ?? d3.max(worst)) : 0);
      return {
        x: x + margin.left,
        y: y + margin.top,
        weigh: rows ? [0.0001, 1] : [1, 0.0001],
        lines: told(data, series, limit(position), position),
        select: data.select[position] ? { side: "candidate", node: data.select[position] } : null,
      };
    });
    plots.cursor(
      host,
      svg,
      points,
      `${title}: arrow keys go from ${data.item} to ${data.item}, Enter shows the node in the graph`,
    );
  };

  const told = (data, series, limit, position) => {
    const [one, two] = data.names[position];
    const name = two && one && two !== one ? `${one} ↔ ${two}` : two || one;
    const sizes = series.map(({ name: kind, values }) => `${kind} ${plots.told(values[position])}`);
    return [name, ...(data.lines[position] ? [data.lines[position]] : []), ...sizes, `limit ${plots.told(limit)}`];
  };

  const legend = (host, series, limit, edits) => {
    const within = ({ values }, wanted) =>
      values.some((value, position) => value !== null && value <= limit(position) === wanted);
    const rows = series.map((one) => {
      const [symbol, kind] = SHAPES[one.name];
      return [`plot-${kind}${within(one, false) ? " plot-beyond" : ""}`, WORDS[one.name], d3[symbol]];
    });
    if (series.some((one) => within(one, false)) && series.some((one) => within(one, true)))
      rows.push([`plot-${SHAPES[series[0].name][1]}`, "within the limit", d3.symbolCircle]);
    rows.push(["plot-limit", "limit", "line"], ["plot-ground", "rounding", "band"]);
    if (within(series[0], false)) rows.push(["plot-ring", "first beyond the limit", d3.symbolCircle]);
    if (edits.length) rows.push(["plot-edit", "edit", "line"]);
    plots.legend(host, rows);
  };

  /** The ground of what is rounding: all below the limit, where it is one for all. */
  const rounding = (plot, log, size, rows, limits) => {
    if (limits.length !== 1 || !(limits[0] > 0)) return;
    const end = log.place(limits[0]);
    const ground = plot.append("rect").attr("class", "plot-ground");
    if (rows) ground.attr("width", end).attr("height", size.height);
    else
      ground
        .attr("y", end)
        .attr("width", size.width)
        .attr("height", size.height - end);
  };

  const limitLine = (plot, limits, at, count, rows) => {
    const steps =
      limits.length === 1
        ? [
            [-0.5, limits[0]],
            [count - 0.5, limits[0]],
          ]
        : limits.flatMap((value, position) => [
            [position - 0.5, value],
            [position + 0.5, value],
          ]);
    plot
      .append("path")
      .attr("class", "plot-limit")
      .attr("d", d3.line()(steps.map(([position, value]) => at(position, value))));
  };

  const names = (plot, data, index, letters, size) => {
    const group = plot.append("g").attr("class", "plot-names");
    data.names.forEach(([one, two], position) => {
      group
        .append("line")
        .attr("class", "plot-grid")
        .attr("x2", size.width)
        .attr("y1", index(position))
        .attr("y2", index(position));
      group
        .append("text")
        .attr("x", -10)
        .attr("y", index(position))
        .attr("dy", "0.32em")
        .attr("text-anchor", "end")
        .text(plots.short(two || one, letters));
    });
  };

  /** Where the edits stand; of those too close for their numbers, the numbers of the first. */
  const marks = (plot, edits, index, size, rows) => {
    const group = plot.append("g").attr("class", "plot-edits");
    let free = -Infinity;
    for (const { at, text } of edits) {
      const place = index(at);
      const line = group.append("line").attr("class", "plot-edit");
      if (rows)
        line
          .attr("x1", 0)
          .attr("x2", size.width + 4)
          .attr("y1", place)
          .attr("y2", place);
      else line.attr("x1", place).attr("x2", place).attr("y1", -4).attr("y2", size.height);
      const room = rows ? 13 : 9 + 7 * text.length;
      if (place < free) continue;
      free = place + room;
      const label = group.append("text").attr("class", "plot-edit-number").text(plots.short(text, 7));
      if (rows)
        label
          .attr("x", size.width + 8)
          .attr("y", place)
          .attr("dy", "0.32em");
      else label.attr("x", place).attr("y", -9).attr("text-anchor", "middle");
    }
  };

  /** A ring around the first that is beyond its limit, and where names do not stand beside, its name. */
  const first = (plot, data, values, at, limit, rows, size) => {
    const position = values.findIndex((value, place) => value !== null && !(value <= limit(place)));
    if (position < 0) return;
    const [x, y] = at(position, values[position]);
    plot.append("circle").attr("class", "plot-ring").attr("cx", x).attr("cy", y).attr("r", 8);
    if (rows) return;
    const late = x > size.width * 0.6;
    const name = data.names[position][1] || data.names[position][0];
    plots
      .word(plot, plots.short(name, 40), x + (late ? -13 : 13), y + 16, late ? "end" : "start")
      .classed("plot-strong", true);
  };

  const draw = (plot, name, values, at, limit, count) => {
    const [symbol, kind] = SHAPES[name];
    const known = values.map((value, position) => ({ value, position })).filter(({ value }) => value !== null);
    if (name === "overall")
      plot
        .append("path")
        .attr("class", "plot-overall-line")
        .attr("d", d3.line()(known.map(({ value, position }) => at(position, value))));
    const small = count > 400 ? 9 : count > 100 ? 20 : name === "local" ? 86 : 34;
    for (const beyond of [false, true]) {
      const points = known
        .filter(({ value, position }) => beyond !== value <= limit(position))
        .map(({ value, position }) => at(position, value));
      if (points.length) plots.marks(plot, `plot-${kind}${beyond ? " plot-beyond" : ""}`, d3[symbol], small, points);
    }
  };
}

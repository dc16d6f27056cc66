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
    const series = data.series.map(({ name, values }) => ({ name, values: values.map(kerasdiff.number) }));
    const limits = data.limits.map(kerasdiff.number);
    const limit = (index) => limits[limits.length === 1 ? 0 : index];
    legend(host, series, limit, data.marks);
    const letters = rows
      ? Math.min(
          d3.max(data.names, ([one, two = one]) => Math.min(two.length, 44)),
          Math.floor((width * 0.4) / 6.6),
        )
      : 0;
    const margin = { top: rows ? 8 : 36, right: rows ? 40 : 16, bottom: 44, left: rows ? letters * 6.6 + 20 : 56 };
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
    if (data.item === "node") first(plot, data, series[0].values, at, limit, rows);
    const points = data.names.map((_, position) => {
      const sizes = series.map(({ values }) => values[position]);
      const [x, y] = at(position, sizes.find((value) => !Number.isFinite(value)) ?? d3.max(sizes));
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
    const name = two ? `${one} ↔ ${two}` : one;
    const sizes = series.map(({ name: kind, values }) => `${kind} ${kerasdiff.told(values[position])}`);
    return [name, ...(data.lines[position] ? [data.lines[position]] : []), ...sizes, `limit ${kerasdiff.told(limit)}`];
  };

  const legend = (host, series, limit, edits) => {
    const within = ({ values }, wanted) => values.some((value, position) => value <= limit(position) === wanted);
    const rows = series.map((one) => {
      const [symbol, kind] = SHAPES[one.name];
      return [`plot-${kind}${within(one, false) ? " plot-beyond" : ""}`, WORDS[one.name], d3[symbol]];
    });
    if (series.some((one) => within(one, false)) && series.some((one) => within(one, true)))
      rows.push([`plot-${SHAPES[series[0].name][1]}`, "within the limit", d3.symbolCircle]);
    rows.push(["plot-limit", "limit", "line"], ["plot-ground", "rounding", "band"]);
    if (series[0].name === "overall" && within(series[0], false))
      rows.push(["plot-ring", "first beyond the limit", d3.symbolCircle]);
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
    data.names.forEach(([one, two = one], position) => {
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
        .text(plots.short(two, letters));
    });
  };

  /** Where the edits stand; those too close for a number each share a place for their numbers. */
  const marks = (plot, edits, index, size, rows) => {
    const group = plot.append("g").attr("class", "plot-edits");
    const labels = [];
    for (const { at, text } of edits) {
      const place = index(at);
      const line = group.append("line").attr("class", "plot-edit");
      if (rows) line.attr("x1", 0).attr("x2", size.width + 4);
      else line.attr("y1", -4).attr("y2", size.height);
      line.attr(rows ? "y1" : "x1", place).attr(rows ? "y2" : "x2", place);
      const last = labels[labels.length - 1];
      if (last && place - last.place < (rows ? 13 : 12 + 6 * last.texts.join(", ").length)) last.texts.push(text);
      else labels.push({ place, texts: [text] });
    }
    for (const { place, texts } of labels) {
      const many = texts.length > 2 ? `${texts[0]}…${texts[texts.length - 1]}` : texts.join(", ");
      const label = group.append("text").attr("class", "plot-edit-number").text(many);
      if (rows)
        label
          .attr("x", size.width + 8)
          .attr("y", place)
          .attr("dy", "0.32em");
      else label.attr("x", place).attr("y", -9).attr("text-anchor", "middle");
    }
  };

  /** A ring around the first that is beyond its limit, and where names do not stand beside, its name. */
  const first = (plot, data, values, at, limit, rows) => {
    const position = values.findIndex((value, place) => !(value <= limit(place)));
    if (position < 0) return;
    const [x, y] = at(position, values[position]);
    plot.append("circle").attr("class", "plot-ring").attr("cx", x).attr("cy", y).attr("r", 8);
    if (rows) return;
    // To its left nothing is beyond the limit, so that a name there hides nothing.
    const [one, two = one] = data.names[position];
    const name = plots.short(two, 40);
    const left = x > 13 + 7.4 * name.length;
    const word = plots.word(plot, name, x + (left ? -13 : 13), left ? y : y + 16, left ? "end" : "start");
    word.classed("plot-strong", true);
  };

  const draw = (plot, name, values, at, limit, count) => {
    const [symbol, kind] = SHAPES[name];
    if (name === "overall")
      plot
        .append("path")
        .attr("class", "plot-overall-line")
        .attr("d", d3.line()(values.map((value, position) => at(position, value))));
    const small = count > 400 ? 9 : count > 100 ? 20 : name === "local" ? 86 : 34;
    for (const beyond of [false, true]) {
      const points = values.flatMap((value, position) =>
        value <= limit(position) === beyond ? [] : [at(position, value)],
      );
      if (points.length) plots.marks(plot, `plot-${kind}${beyond ? " plot-beyond" : ""}`, d3[symbol], small, points);
    }
  };
}

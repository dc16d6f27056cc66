// What came out: the paired differences with their interval and the margin, agreement by seed, differences of classes.
{
  const plots = kerasdiff.plots;
  const DOT = 4;
  const ROW = 21;
  const LABEL = 46; // room for a number beside a bar
  const SEEDS = 20; // most seeds with a row each

  /** Places dots of one line so that they do not hide each other: upwards from it, in their order. */
  const heap = (values, x) => {
    const columns = new Map();
    return values.map((value) => {
      const column = Math.round(x(value) / (2 * DOT + 1));
      columns.set(column, (columns.get(column) ?? 0) + 1);
      return columns.get(column) - 1;
    });
  };

  /** Which side is ahead to the left of zero, and which to the right: above a plot. */
  const ahead = (plot, [left, right], from, inner) => {
    plots.word(plot, `← ${left}`, from, -9);
    plots.word(plot, `${right} →`, inner, -9, "end");
  };

  const signed = (value) => `${value > 0 ? "+" : ""}${kerasdiff.told(value)}`;

  plots.kinds.interval = (host, data, width, title) => {
    const seeds = data.seeds.map(([seed, value]) => [seed, kerasdiff.number(value)]);
    const rows = data.rows.map((row) => ({
      ...row,
      mean: kerasdiff.number(row.mean),
      interval: row.interval?.map(kerasdiff.number) ?? null,
    }));
    const margin = { left: 14, right: 14, bottom: 46, top: 24 };
    const inner = width - margin.left - margin.right;
    const numbers = [
      -data.margin,
      data.margin,
      0,
      ...seeds.map(([, value]) => value),
      ...rows.flatMap((row) => [row.mean, ...(row.interval ?? [])]),
    ].filter((value) => value !== null && Number.isFinite(value));
    const [low, high] = d3.extent(numbers);
    const x = d3.scaleLinear([low - 0.04 * (high - low), high + 0.04 * (high - low)], [0, inner]).nice(6);
    const finite = seeds.filter(([, value]) => Number.isFinite(value));
    const levels = heap(
      finite.map(([, value]) => value),
      x,
    );
    const dots = 14 + 2 * DOT * Math.min(12, d3.max(levels) + 1 || 1);
    const height = dots + 46 + (rows.length - 1) * 46 + 6;
    const lost = seeds.length - finite.length;
    plots.legend(host, [
      ["plot-seed-dot", "a seed", d3.symbolCircle],
      ...(rows[0].interval ? [["plot-interval", "interval of the mean", "line"]] : []),
      ...(Number.isFinite(rows[0].mean) ? [["plot-mean-mark", "mean", d3.symbolDiamond]] : []),
      ["plot-margin", `equivalent: within ±${kerasdiff.told(data.margin)}`, "band"],
      ...(lost ? [["plot-lost", `${lost} not finite`, d3.symbolTimes]] : []),
    ]);
    const svg = plots.frame(host, width, height + margin.top + margin.bottom);
    const plot = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    plot
      .append("rect")
      .attr("class", "plot-margin")
      .attr("x", x(-data.margin))
      .attr("width", x(data.margin) - x(-data.margin))
      .attr("height", height);
    plots.axis(plot, x, {
      flat: true,
      across: height,
      count: Math.max(3, Math.min(9, width / 90)),
      format: (value) => signed(value),
    });
    for (const side of [-1, 1])
      plot
        .append("line")
        .attr("class", "plot-limit")
        .attr("x1", x(side * data.margin))
        .attr("x2", x(side * data.margin))
        .attr("y1", 0)
        .attr("y2", height);
    plot.append("line").attr("class", "plot-zero").attr("x1", x(0)).attr("x2", x(0)).attr("y1", 0).attr("y2", height);
    ahead(plot, data.ahead, 0, inner);
    plots.foot(plot, data.x, inner, height + 38);
    const base = dots - 2 * DOT;
    plots.marks(
      plot,
      "plot-seed-dot",
      d3.symbolCircle,
      48,
      finite.map(([, value], at) => [x(value), base - 2 * DOT * (levels[at] % 12)]),
    );
    const points = finite.map(([seed, value], at) => ({
      x: x(value) + margin.left,
      y: base - 2 * DOT * (levels[at] % 12) + margin.top,
      lines: [`seed ${seed}`, signed(value)],
    }));
    rows.forEach((row, number) => {
      const y = dots + 22 + number * 46;
      interval(plot, row, x, y, number === 0, inner);
      const told = row.interval
        ? [
            `${(100 * row.level).toFixed(1).replace(/\.0$/, "")} % interval ${signed(row.interval[0])} to ${signed(row.interval[1])}`,
          ]
        : [];
      if (Number.isFinite(row.mean))
        points.push({
          x: x(row.mean) + margin.left,
          y: y + margin.top,
          lines: [`mean, ${row.name}`, signed(row.mean), ...told],
        });
    });
    plots.cursor(host, svg, points, `${title}: arrow keys go from seed to seed`);
  };

  const interval = (plot, row, x, y, decides, inner) => {
    const kind = decides ? "plot-interval" : "plot-interval plot-beside";
    if (row.interval && row.interval.every(Number.isFinite)) {
      const [low, high] = row.interval.map(x);
      plot
        .append("path")
        .attr("class", kind)
        .attr("d", `M${low},${y}H${high}M${low},${y - 6}V${y + 6}M${high},${y - 6}V${y + 6}`);
    }
    const center = Number.isFinite(row.mean) ? x(row.mean) : x(0);
    if (Number.isFinite(row.mean))
      plots.marks(plot, decides ? "plot-mean-mark" : "plot-mean-mark plot-beside", d3.symbolDiamond, 80, [[center, y]]);
    const text = Number.isFinite(row.mean) ? `${row.name}: ${signed(row.mean)}` : `${row.name}: no mean`;
    const element = plot
      .append("text")
      .attr("class", "plot-value")
      .attr("y", y + 20)
      .text(text);
    const room = text.length * 3.3;
    element.attr("x", Math.max(room, Math.min(inner - room, center))).attr("text-anchor", "middle");
  };

  plots.kinds.strip = (host, data, width, title) => {
    const seeds = data.seeds.map(([seed, value]) => [seed, kerasdiff.number(value)]);
    const rows = seeds.length <= SEEDS;
    const margin = { left: rows ? 74 : 14, right: rows ? 52 : 14, top: 20, bottom: 46 };
    const inner = width - margin.left - margin.right;
    const x = d3
      .scaleLinear(
        [
          Math.min(
            100,
            d3.min(seeds, ([, value]) => value),
          ),
          100,
        ],
        [0, inner],
      )
      .nice(5);
    if (x.domain()[0] === x.domain()[1]) x.domain([x.domain()[0] - 1, 100]);
    const levels = heap(
      seeds.map(([, value]) => value),
      x,
    );
    const height = rows ? seeds.length * ROW + 4 : 14 + 2 * DOT * (d3.max(levels) + 1);
    const svg = plots.frame(host, width, height + margin.top + margin.bottom);
    const plot = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    plots.axis(plot, x, { flat: true, across: height, count: Math.max(2, Math.min(8, width / 80)) });
    plots.foot(plot, data.x, inner, height + 38);
    const y = (at) => (rows ? at * ROW + ROW / 2 + 2 : height - 2 * DOT - 2 * DOT * levels[at]);
    if (rows)
      seeds.forEach(([seed, value], at) => {
        plot.append("line").attr("class", "plot-grid").attr("x2", inner).attr("y1", y(at)).attr("y2", y(at));
        plot
          .append("text")
          .attr("class", "plot-name")
          .attr("x", -10)
          .attr("y", y(at))
          .attr("dy", "0.32em")
          .attr("text-anchor", "end")
          .text(`seed ${seed}`);
        plot
          .append("text")
          .attr("class", "plot-value")
          .attr("x", inner + 8)
          .attr("y", y(at))
          .attr("dy", "0.32em")
          .text(value.toFixed(1));
      });
    plots.marks(
      plot,
      "plot-seed-dot",
      d3.symbolCircle,
      56,
      seeds.map(([, value], at) => [x(value), y(at)]),
    );
    if (seeds.length > 1) {
      plot
        .append("line")
        .attr("class", "plot-mean-line")
        .attr("x1", x(data.mean))
        .attr("x2", x(data.mean))
        .attr("y1", -4)
        .attr("y2", height);
      plot
        .append("text")
        .attr("class", "plot-word")
        .attr("x", x(data.mean))
        .attr("y", -8)
        .attr("text-anchor", "middle")
        .text(`mean ${data.mean.toFixed(1)}`);
    }
    const points = seeds.map(([seed, value], at) => ({
      x: x(value) + margin.left,
      y: y(at) + margin.top,
      weigh: rows ? [0.0001, 1] : [1, 1],
      lines: [`seed ${seed}`, `${value.toFixed(1)} %`],
    }));
    plots.cursor(host, svg, points, `${title}: arrow keys go from seed to seed`);
  };

  plots.kinds.classes = (host, data, width, title) => {
    const rows = data.classes.map(([name, value]) => [name, kerasdiff.number(value)]);
    const letters = Math.min(
      d3.max(rows, ([name]) => name.length),
      Math.floor((width * 0.32) / 6.6),
    );
    const margin = { left: letters * 6.6 + 18, right: 14, top: 24, bottom: 46 };
    const inner = width - margin.left - margin.right;
    const height = rows.length * ROW + 4;
    const finite = rows.map(([, value]) => value).filter(Number.isFinite);
    const [low, high] = finite.some(Boolean) ? [Math.min(0, d3.min(finite)), Math.max(0, d3.max(finite))] : [0, 1];
    const x = d3.scaleLinear([low, high], [low < 0 ? LABEL : 8, inner - (high > 0 ? LABEL : 8)]);
    const svg = plots.frame(host, width, height + margin.top + margin.bottom);
    const plot = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    plots.axis(plot, x, { flat: true, across: height, count: Math.max(3, Math.min(8, width / 90)), format: signed });
    plots.foot(plot, data.x, inner, height + 38);
    ahead(plot, data.ahead, 2 - margin.left, inner);
    rows.forEach(([name, value], at) => {
      const y = at * ROW + 4;
      const known = Number.isFinite(value);
      plot
        .append("text")
        .attr("class", "plot-name")
        .attr("x", -10)
        .attr("y", y + ROW / 2 - 2)
        .attr("dy", "0.32em")
        .attr("text-anchor", "end")
        .text(name.length > letters ? `${name.slice(0, letters - 1)}…` : name);
      if (known)
        plot
          .append("rect")
          .attr("class", value < 0 ? "plot-bar-reference" : "plot-bar-candidate")
          .attr("x", Math.min(x(0), x(value)))
          .attr("width", Math.max(1, Math.abs(x(value) - x(0))))
          .attr("y", y)
          .attr("height", ROW - 5);
      plot
        .append("text")
        .attr("class", "plot-value")
        .attr("x", (known ? x(value) : x(0)) + (value < 0 ? -5 : 5))
        .attr("y", y + ROW / 2 - 2)
        .attr("dy", "0.32em")
        .attr("text-anchor", value < 0 ? "end" : "start")
        .text(known ? signed(value) : "no test rows");
    });
    plot.append("line").attr("class", "plot-zero").attr("x1", x(0)).attr("x2", x(0)).attr("y1", 0).attr("y2", height);
    const points = rows.map(([name, value], at) => ({
      x: margin.left + (Number.isFinite(value) ? x(value) : x(0)),
      y: margin.top + at * ROW + ROW / 2,
      weigh: [0.0001, 1],
      lines: [name, Number.isFinite(value) ? `${signed(value)} points` : "no test rows"],
    }));
    plots.cursor(host, svg, points, `${title}: arrow keys go from class to class`);
  };
}

// Learning curves over epochs and steps, and how far the trials of a pair are apart.
{
  const plots = kerasdiff.plots;
  const SIDES = ["reference", "candidate", "control", "rounding"];
  const SHAPES = {
    reference: d3.symbolCircle,
    candidate: d3.symbolSquare,
    control: d3.symbolTriangle,
    rounding: d3.symbolCross,
  };
  const MARKED = 16; // most places with a mark each
  const WIDE = 50; // times the least from which on losses stand on a log scale

  const places = (curve) => curve.x ?? d3.range(1, (curve.y ?? curve.mean).length + 1);
  const finite = (values) => values.filter((value) => value !== null && Number.isFinite(value));

  /** The same with numbers for names. */
  const read = (panel) => ({
    ...panel,
    curves: panel.curves.map((curve) => ({ ...curve, x: places(curve), y: curve.y.map(kerasdiff.number) })),
    means: (panel.means ?? []).map((mean) => ({
      ...mean,
      x: places(mean),
      mean: mean.mean.map(kerasdiff.number),
      low: mean.low.map(kerasdiff.number),
      high: mean.high.map(kerasdiff.number),
    })),
  });

  plots.kinds.curves = (host, data, width, title) => {
    const panels = data.panels.map(read);
    const each = panels.length > 1 && width >= 620 ? 2 : 1;
    const gap = 28;
    const panel = (width - gap * (each - 1)) / each;
    const height = each === 1 && panels.length === 1 && width > 700 ? 330 : 250;
    legend(host, panels);
    const block = height + 74;
    const svg = plots.frame(host, width, Math.ceil(panels.length / each) * block - 6);
    const drawn = panels.map((one, number) => {
      const left = (number % each) * (panel + gap) + 54;
      const top = Math.floor(number / each) * block + 26;
      return course(
        svg.append("g").attr("transform", `translate(${left},${top})`),
        one,
        { width: panel - 54 - 12, height },
        left,
        top,
      );
    });
    const points = cursorPoints(panels, drawn);
    plots.cursor(host, svg, points, `${title}: arrow keys go from ${panels[0].x} to ${panels[0].x}`, (group, at) => {
      drawn.forEach(({ x, left, top }) =>
        group
          .append("line")
          .attr("x1", x(at.place) + left)
          .attr("x2", x(at.place) + left)
          .attr("y1", top)
          .attr("y2", top + height),
      );
    });
  };

  const legend = (host, panels) => {
    const rows = [];
    const has = (side) => panels[0].curves.some((curve) => curve.side === side);
    const marked = panels[0].x === "epoch";
    for (const side of SIDES.filter(has)) {
      const seeds = panels[0].means.some((mean) => mean.side === side);
      rows.push([
        `plot-${side} plot-mark`,
        seeds ? `${side}, mean` : side,
        marked && SHAPES[side] ? [SHAPES[side], `plot-${side} plot-mean`] : "line",
      ]);
      if (!marked || !SHAPES[side]) rows[rows.length - 1][0] = `plot-${side} plot-mean`;
    }
    if (panels[0].means.length) {
      rows.push(["plot-reference plot-seed", "a seed", "line"]);
      rows.push(["plot-reference plot-spread", "one standard deviation", "band"]);
    }
    const curves = panels.flatMap((panel) => panel.curves);
    if (curves.some((curve) => curve.end !== null && curve.end !== undefined))
      rows.push(["plot-lost", "ends: not finite", d3.symbolTimes]);
    if (curves.some((curve) => curve.whole === false)) rows.push(["plot-cut", "cut off", d3.symbolCircle]);
    plots.legend(host, rows);
  };

  const vertical = (panel, height) => {
    const values = finite([
      ...panel.curves.flatMap(({ y }) => y),
      ...panel.means.flatMap(({ low, high }) => [...low, ...high]),
    ]);
    const seen = finite(panel.curves.flatMap(({ y }) => y));
    const [low, high] = values.length ? d3.extent(values) : [0, 1];
    const least = d3.min(seen.filter((value) => value > 0));
    if (!panel.percent && d3.min(seen) > 0 && d3.max(seen) / least > WIDE)
      return { y: d3.scaleLog([least, d3.max(seen)], [height, 0]).nice(), log: true };
    const bounds = panel.percent ? [Math.max(0, low), Math.min(1, high)] : [low, high];
    if (bounds[0] === bounds[1]) [bounds[0], bounds[1]] = [bounds[0] - 0.5, bounds[1] + 0.5];
    return { y: d3.scaleLinear(bounds, [height, 0]).nice(5).clamp(true), log: false };
  };

  const course = (group, panel, size, left, top) => {
    const last = d3.max(panel.curves, ({ x }) => x[x.length - 1]);
    const x = d3.scaleLinear([1, Math.max(2, last)], [0, size.width]);
    const { y, log } = vertical(panel, size.height);
    group
      .append("text")
      .attr("class", "plot-panel-title")
      .attr("y", -12)
      .attr("x", -46)
      .text(`${panel.title}${panel.percent ? ", %" : log ? ", log scale" : ""}`);
    plots.axis(group, y, {
      across: size.width,
      count: 5,
      format: panel.percent
        ? (value) => kerasdiff.told(100 * value)
        : log
          ? (value) => (Number.isInteger(Math.log10(value)) ? plots.power(value) : "")
          : (value) => kerasdiff.told(value),
    });
    foot(group, x, last, size, panel.x);
    // What a band or a line reaches beyond the frame is not drawn there.
    const pen = d3
      .line()
      .defined(([, value]) => value !== null && Number.isFinite(value) && (!log || value > 0))
      .x(([at]) => x(at))
      .y(([, value]) => y(value));
    for (const mean of panel.means) band(group, mean, x, y, log);
    const alone = new Set(SIDES.filter((side) => !panel.means.some((mean) => mean.side === side)));
    const draw = (curve) => {
      const kind = `plot-${curve.side} ${alone.has(curve.side) ? "plot-mean" : "plot-seed"}`;
      group
        .append("path")
        .attr("class", kind)
        .attr("d", pen(d3.zip(curve.x, curve.y)));
      ends(group, curve, x, y, size);
    };
    const controls = panel.curves.filter(({ side }) => SIDES.indexOf(side) > 1);
    panel.curves.filter((curve) => !controls.includes(curve)).forEach(draw);
    for (const mean of panel.means) {
      const kind = `plot-${mean.side} plot-mean`;
      group
        .append("path")
        .attr("class", kind)
        .attr("d", pen(d3.zip(mean.x, mean.mean)));
    }
    controls.forEach(draw); // over the reference, which they hardly leave
    if (last <= MARKED) dots(group, panel, alone, x, y);
    for (const mark of panel.marks) note(group, mark, x, size);
    return { x, y, left, top };
  };

  const foot = (group, x, last, size, title) => {
    plots.axis(group, x, {
      flat: true,
      across: size.height,
      values: plots.whole(1, last, Math.max(2, Math.min(10, size.width / 70))),
      format: d3.format(","),
    });
    plots.foot(group, title, size.width, size.height + 38);
  };

  const band = (group, mean, x, y, log) => {
    const floor = log ? y.domain()[0] : -Infinity;
    const area = d3
      .area()
      .x(([at]) => x(at))
      .y0(([, low]) => y(Math.max(floor, low)))
      .y1(([, , high]) => y(Math.max(floor, high)));
    group
      .append("path")
      .attr("class", `plot-${mean.side} plot-spread`)
      .attr("d", area(d3.zip(mean.x, mean.low, mean.high)));
  };

  /** Where a trial ends before its time: in what is not finite, or cut off. */
  const ends = (group, curve, x, y, size) => {
    let at = curve.y.length - 1;
    while (at >= 0 && (curve.y[at] === null || !Number.isFinite(curve.y[at]))) at -= 1;
    const place = at < 0 ? [x(curve.x[0] ?? 1), size.height] : [x(curve.x[at]), y(curve.y[at])];
    const mark = (kind, shape) =>
      group
        .append("path")
        .attr("class", kind)
        .attr("transform", `translate(${place})`)
        .attr("d", d3.symbol(shape, 46)());
    if (curve.end !== null && curve.end !== undefined) mark("plot-lost", d3.symbolTimes);
    else if (curve.whole === false) mark("plot-cut", d3.symbolCircle);
  };

  const dots = (group, panel, alone, x, y) => {
    const drawn = [
      ...panel.means.map((mean) => [mean.side, mean.x, mean.mean]),
      ...panel.curves.filter(({ side }) => alone.has(side)).map((curve) => [curve.side, curve.x, curve.y]),
    ];
    for (const [side, at, values] of drawn) {
      if (SHAPES[side])
        plots.marks(
          group,
          `plot-${side} plot-mark`,
          SHAPES[side],
          40,
          d3
            .zip(at, values)
            .filter(([, value]) => value !== null && Number.isFinite(value))
            .map(([place, value]) => [x(place), y(value)]),
        );
    }
  };

  /** A place with a name. */
  const note = (group, mark, x, size) => {
    const at = x(mark.at);
    const late = at > size.width / 2;
    group
      .append("line")
      .attr("class", "plot-note-line")
      .attr("x1", at)
      .attr("x2", at)
      .attr("y1", 0)
      .attr("y2", size.height);
    group
      .append("text")
      .attr("class", "plot-note")
      .attr("x", at + (late ? -6 : 6))
      .attr("y", 12)
      .attr("text-anchor", late ? "end" : "start")
      .text(`${mark.text}: step ${d3.format(",")(mark.at)}`);
  };

  const cursorPoints = (panels, drawn) => {
    const every = [...new Set(panels.flatMap(({ curves }) => curves.flatMap(({ x }) => x)))].sort(d3.ascending);
    const shown = every.length > 600 ? every.filter((_, at) => at % Math.ceil(every.length / 600) === 0) : every;
    return shown.flatMap((place) =>
      drawn.slice(0, 1).map(({ x, left, top }) => ({
        x: x(place) + left,
        y: top + 4,
        place,
        weigh: [1, 0],
        lines: [`${panels[0].x} ${d3.format(",")(place)}`, ...panels.flatMap((panel) => told(panel, place))],
      })),
    );
  };

  const told = (panel, place) => {
    const lines = [];
    const shown = (value) => (panel.percent && value !== null ? `${kerasdiff.told(100 * value)} %` : kerasdiff.told(value, 4));
    for (const side of SIDES.slice(0, 2)) {
      const mean = panel.means.find((one) => one.side === side);
      const curve = mean ?? panel.curves.find((one) => one.side === side);
      const at = curve ? d3.bisectLeft(curve.x, place) : -1;
      if (at < 0 || at >= curve.x.length) continue;
      const value = mean ? mean.mean[at] : curve.y[at];
      const spread = mean
        ? ` ± ${panel.percent ? kerasdiff.told(100 * (mean.high[at] - mean.mean[at]), 2) : kerasdiff.told(mean.high[at] - mean.mean[at], 2)}`
        : "";
      lines.push(`${panel.title}, ${side}: ${shown(value)}${spread}`);
    }
    return lines;
  };

  plots.kinds.distances = (host, data, width, title) => {
    const curves = data.curves.map((curve) => ({ ...curve, x: places(curve), y: curve.y.map(kerasdiff.number) }));
    const limit = data.limit && { x: data.limit.x, y: data.limit.y.map(kerasdiff.number) };
    const margin = { top: 26, right: 12, bottom: 46, left: 56 };
    const size = { width: width - margin.left - margin.right, height: width > 700 ? 320 : 260 };
    const pairs = curves.filter(({ side }) => side === "candidate");
    distanceLegend(host, curves, pairs, limit);
    const svg = plots.frame(host, width, size.height + margin.top + margin.bottom);
    const plot = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
    const log = plots.log([...curves.flatMap(({ y }) => y), ...(limit?.y ?? [])], [size.height, 0]);
    const last = d3.max(curves, ({ x }) => x[x.length - 1]);
    const x = d3.scaleLinear([1, Math.max(2, last)], [0, size.width]);
    plots.logAxis(plot, log, size.width);
    plots.title(svg, data.y, 0, 12);
    foot(plot, x, last, size, data.x);
    const pen = d3
      .line()
      .x(([at]) => x(at))
      .y(([, value]) => log.place(value));
    if (limit)
      plot
        .append("path")
        .attr("class", "plot-limit")
        .attr("d", pen.curve(d3.curveStepAfter)(d3.zip(limit.x, limit.y)));
    pen.curve(d3.curveLinear);
    curves.forEach((curve) => {
      const kind =
        curve.side === "candidate"
          ? curve === pairs[0]
            ? "plot-overall-line plot-first"
            : "plot-overall-line plot-seed"
          : `plot-${curve.side} plot-mean`;
      plot
        .append("path")
        .attr("class", kind)
        .attr("d", pen(d3.zip(curve.x, curve.y)));
    });
    for (const mark of data.marks) note(plot, mark, x, size);
    const first = pairs[0];
    const points = first.x.map((place, at) => ({
      x: x(place) + margin.left,
      y: log.place(first.y[at]) + margin.top,
      weigh: [1, 0.0001],
      lines: [
        `step ${d3.format(",")(place)}`,
        ...[first, ...curves.filter(({ side }) => side !== "candidate")].flatMap((curve) => {
          const there = curve.x.indexOf(place);
          return there < 0
            ? []
            : [
                `${curve.side === "candidate" ? `pair of seed ${curve.seed}` : curve.side}: ${kerasdiff.told(curve.y[there])}`,
              ];
        }),
        ...(limit && place <= limit.x[limit.x.length - 1]
          ? [`limit: ${kerasdiff.told(limit.y[Math.max(0, d3.bisectRight(limit.x, place) - 1)])}`]
          : []),
      ],
    }));
    plots.cursor(host, svg, points, `${title}: arrow keys go from step to step`);
  };

  const distanceLegend = (host, curves, pairs, limit) => {
    const rows = [["plot-overall-line plot-first", `pair of seed ${pairs[0].seed}`, "line"]];
    if (pairs.length > 1) rows.push(["plot-overall-line plot-seed", "pairs of other seeds", "line"]);
    for (const side of SIDES.slice(2))
      if (curves.some((curve) => curve.side === side)) rows.push([`plot-${side} plot-mean`, side, "line"]);
    if (limit) rows.push(["plot-limit", "limit", "line"]);
    plots.legend(host, rows);
  };
}

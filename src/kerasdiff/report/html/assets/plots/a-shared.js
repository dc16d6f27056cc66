// What all plots share: the frame, scales that show zero and what is not finite, legends, and a cursor for mouse and keys.
kerasdiff.plots = { kinds: {} };
{
  const plots = kerasdiff.plots;
  const BAND = 30; // height of the band of zeros, and of that of values that are not finite
  const [LOW, HIGH] = [0.34, 0.72]; // where in it values and words stand
  const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  plots.power = (value) => {
    const exponent = Math.round(Math.log10(value));
    if (exponent === 0) return "1";
    return `10${[...String(exponent)].map((letter) => SUPERSCRIPTS[letter]).join("")}`;
  };

  /** Text that fits so many letters: the ends of paths tell more than their beginnings. */
  plots.short = (text, most) => (text.length <= most ? text : `…${text.slice(text.length - most + 1)}`);

  /** An empty drawing of a width and a height in pixels; printed, it shrinks with the page. */
  plots.frame = (host, width, height) => {
    const svg = d3
      .create("svg:svg")
      .attr("class", "plot-svg")
      .attr("viewBox", `0 0 ${width} ${height}`)
      .attr("width", width)
      .attr("height", height)
      .attr("aria-hidden", "true");
    host.append(svg.node());
    return svg;
  };

  /**
   * A log scale with a band of its own for zero and one for what is not finite, where there is any.
   * `range` is from the small end to the large one, in pixels.
   */
  plots.log = (values, range) => {
    const known = values.filter((value) => value !== null && !Number.isNaN(value));
    const positive = known.map(Math.abs).filter((value) => value > 0 && Number.isFinite(value));
    const zero = known.some((value) => value === 0);
    const lost = values.some((value) => value !== null && !Number.isFinite(value));
    const low = positive.length ? Math.floor(Math.log10(d3.min(positive)) + 1e-9) : -1;
    const high = positive.length ? Math.max(Math.ceil(Math.log10(d3.max(positive)) - 1e-9), low + 1) : 0;
    const way = Math.sign(range[1] - range[0]);
    const inner = [range[0] + (zero ? way * BAND : 0), range[1] - (lost ? way * BAND : 0)];
    const scale = d3.scaleLog([10 ** low, 10 ** high], inner);
    const place = (value) => {
      if (value === null) return null;
      if (!Number.isFinite(value)) return range[1] - way * BAND * LOW;
      return value === 0 ? range[0] + way * BAND * LOW : scale(Math.abs(value));
    };
    const step = Math.max(1, Math.ceil((high - low) / Math.max(2, Math.abs(inner[1] - inner[0]) / 44)));
    const ticks = d3
      .range(low, high + 1)
      .filter((exponent) => (exponent - low) % step === 0)
      .map((exponent) => 10 ** exponent);
    return { place, scale, ticks, zero, lost, range, inner };
  };

  /** The axis of a log scale: grid lines of length `across`, labels, and the two bands. `flat` is one from left to right. */
  plots.logAxis = (group, log, across, { flat = false, words = true } = {}) => {
    const axis = group.append("g").attr("class", "plot-axis");
    const line = (at, kind) =>
      axis
        .append("line")
        .attr("class", kind)
        .attr(flat ? "x1" : "y1", at)
        .attr(flat ? "x2" : "y2", at)
        .attr(flat ? "y1" : "x1", 0)
        .attr(flat ? "y2" : "x2", across);
    const label = (at, text) => {
      const element = axis.append("text").text(text);
      if (flat)
        element
          .attr("x", at)
          .attr("y", across + 16)
          .attr("text-anchor", "middle");
      else element.attr("x", -8).attr("y", at).attr("dy", "0.32em").attr("text-anchor", "end");
    };
    const bands = [log.zero && log.place(0), log.lost && log.place(Infinity)];
    for (const tick of log.ticks) {
      const at = log.scale(tick);
      line(at, "plot-grid");
      // Beside the names of the bands there is no room for another.
      if (!bands.some((band) => band !== false && Math.abs(band - at) < (flat ? 24 : 11))) label(at, plots.power(tick));
    }
    for (const [there, from, to, text, said] of [
      [log.zero, log.range[0], log.inner[0], "0", "equal to the last bit"],
      [log.lost, log.range[1], log.inner[1], "∞", "not finite"],
    ]) {
      if (!there) continue;
      const [start, size] = [Math.min(from, to), Math.abs(to - from)];
      axis
        .append("rect")
        .attr("class", "plot-band")
        .attr(flat ? "x" : "y", start)
        .attr(flat ? "width" : "height", size)
        .attr(flat ? "height" : "width", across);
      label(from + (to - from) * LOW, text);
      if (!flat && words) plots.word(axis, said, across - 6, from + (to - from) * HIGH, "end");
    }
    return axis;
  };

  /** An axis by d3 with its grid, at the foot or at the left of a plot. */
  plots.axis = (group, scale, { flat, across, count, format, values }) => {
    const make = (flat ? d3.axisBottom(scale) : d3.axisLeft(scale)).tickSizeOuter(0).tickPadding(8).tickSize(-across);
    if (values) make.tickValues(values);
    else make.ticks(count);
    if (format) make.tickFormat(format);
    const axis = group.append("g").attr("class", "plot-axis").call(make);
    if (flat) axis.attr("transform", `translate(0,${across})`);
    axis.selectAll(".tick line").attr("class", "plot-grid");
    axis.select(".domain").remove();
    axis.attr("font-family", null).attr("font-size", null);
    return axis;
  };

  /** Whole numbers for an axis of steps, epochs or positions. */
  plots.whole = (first, last, most) => {
    const ticks = d3.ticks(first, last, most).filter(Number.isInteger);
    return ticks.includes(first) || (ticks.length && ticks[0] - first < (last - first) / most / 2)
      ? ticks
      : [first, ...ticks];
  };

  /** A word within a plot, legible over lines. */
  plots.word = (group, text, x, y, anchor = "start") =>
    group
      .append("text")
      .attr("class", "plot-word")
      .attr("x", x)
      .attr("y", y)
      .attr("dy", "0.32em")
      .attr("text-anchor", anchor)
      .text(text);

  plots.title = (group, text, x, y, anchor = "start") =>
    group
      .append("text")
      .attr("class", "plot-axis-title")
      .attr("x", x)
      .attr("y", y)
      .attr("text-anchor", anchor)
      .text(text);

  /** The title of an axis below a plot: in its middle, or flush with its right end where it is longer than that. */
  plots.foot = (group, text, width, y) => {
    const long = text.length * 6.3 > width;
    plots.title(group, text, long ? width : width / 2, y, long ? "end" : "middle");
  };

  /** Which mark stands for what: rows of [class, text, shape], shape being "line", "band", or a symbol of d3. */
  plots.legend = (host, rows) => {
    const list = d3.select(host).append("ul").attr("class", "plot-legend");
    for (const [kind, text, shape] of rows) {
      const item = list.append("li");
      const swatch = item
        .append("svg")
        .attr("viewBox", "0 0 28 14")
        .attr("width", 28)
        .attr("height", 14)
        .attr("aria-hidden", "true");
      if (shape === "band")
        swatch.append("rect").attr("class", kind).attr("x", 1).attr("y", 1).attr("width", 26).attr("height", 12);
      else if (shape === "line") swatch.append("path").attr("class", kind).attr("d", "M1,7H27");
      else if (Array.isArray(shape)) {
        swatch.append("path").attr("class", shape[1]).attr("d", "M1,7H27");
        swatch
          .append("path")
          .attr("class", kind)
          .attr("transform", "translate(14,7)")
          .attr("d", d3.symbol(shape[0], 46)());
      } else
        swatch
          .append("path")
          .attr("class", kind)
          .attr("transform", "translate(14,7)")
          .attr("d", d3.symbol(shape, 46)());
      item.append("span").text(text);
    }
  };

  /** Many marks of one shape as one path, which is quick with thousands of them. */
  plots.marks = (group, kind, symbol, size, points) => {
    const shape = d3.symbol(symbol, size)();
    if (points.length <= 400) {
      group
        .append("g")
        .attr("class", kind)
        .selectAll("path")
        .data(points)
        .join("path")
        .attr("transform", ([x, y]) => `translate(${x},${y})`)
        .attr("d", shape);
    } else {
      const dots = points.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
      group.append("path").attr("class", `${kind} plot-dots`).attr("stroke-width", Math.sqrt(size)).attr("d", dots);
    }
  };

  /**
   * Lets mouse, touch and keys go from point to point. Each point: `x`, `y` in pixels of the drawing, `lines` of text
   * (the first in bold), and `select` where a click shows it in the graph.
   */
  plots.cursor = (host, svg, points, label, draw) => {
    if (!points.length) return;
    const tip = d3.select(host).append("div").attr("class", "plot-tip").attr("hidden", "");
    const mark = svg.append("g").attr("class", "plot-cursor").attr("visibility", "hidden");
    let now = 0;
    const told = (point) => point.lines.join(", ");
    host.tabIndex = 0;
    for (const [name, value] of Object.entries({
      role: "slider",
      "aria-valuemin": 1,
      "aria-valuemax": points.length,
      "aria-label": label,
    }))
      host.setAttribute(name, value);
    const show = (index) => {
      now = Math.max(0, Math.min(points.length - 1, index));
      const point = points[now];
      host.setAttribute("aria-valuenow", now + 1);
      host.setAttribute("aria-valuetext", told(point));
      mark.attr("visibility", null).selectAll("*").remove();
      (draw ?? ((group, at) => group.append("circle").attr("cx", at.x).attr("cy", at.y).attr("r", 7)))(mark, point);
      tip.attr("hidden", null).selectAll("*").remove();
      point.lines.forEach((line, number) => tip.append(number ? "span" : "b").text(line));
      const box = svg.node().getBoundingClientRect();
      const scale = box.width / svg.node().viewBox.baseVal.width || 1;
      const left = point.x * scale;
      const width = tip.node().offsetWidth;
      const room = host.clientWidth;
      const top = box.top - host.getBoundingClientRect().top;
      tip.style(
        "left",
        `${Math.max(0, Math.min(room - width, left + 14 + width > room ? left - width - 14 : left + 14))}px`,
      );
      tip.style("top", `${top + point.y * scale + 10}px`);
    };
    const hide = () => {
      if (document.activeElement === host && host.matches(":focus-visible")) return;
      tip.attr("hidden", "");
      mark.attr("visibility", "hidden");
    };
    const nearest = (event) => {
      const [x, y] = d3.pointer(event, svg.node());
      let best = 0;
      let least = Infinity;
      points.forEach((point, index) => {
        const apart = (point.weigh?.[0] ?? 1) * (point.x - x) ** 2 + (point.weigh?.[1] ?? 1) * (point.y - y) ** 2;
        if (apart < least) [best, least] = [index, apart];
      });
      return best;
    };
    const select = () => {
      if (points[now].select)
        document.dispatchEvent(new CustomEvent("kerasdiff:select", { detail: points[now].select }));
    };
    host.onpointermove = (event) => show(nearest(event));
    host.onpointerleave = hide;
    svg.on("click", (event) => {
      show(nearest(event));
      select();
    });
    host.onfocus = () => host.matches(":focus-visible") && show(now);
    host.onblur = () => {
      tip.attr("hidden", "");
      mark.attr("visibility", "hidden");
    };
    host.onkeydown = (event) => {
      const page = Math.max(1, Math.round(points.length / 10));
      const steps = {
        ArrowRight: 1,
        ArrowDown: 1,
        ArrowLeft: -1,
        ArrowUp: -1,
        PageDown: page,
        PageUp: -page,
        Home: -points.length,
        End: points.length,
      };
      if (event.key in steps) show(now + steps[event.key]);
      else if (event.key === "Enter" || event.key === " ") select();
      else if (event.key === "Escape") host.blur();
      else return;
      event.preventDefault();
    };
    host.setAttribute("aria-valuenow", 1);
    host.setAttribute("aria-valuetext", told(points[0]));
  };
}

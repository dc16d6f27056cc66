// What all scripts of the page share. Names from models are text: they go into a page as textContent alone.
const kerasdiff = {
  /** The data of an element of type application/json, or null where the page has none. */
  data(id) {
    const element = document.getElementById(id);
    return element === null ? null : JSON.parse(element.textContent);
  },

  /** A number of the data: what is not finite comes by its name, what was not measured as null. */
  number(value) { return value === null ? null : Number(value); },

  /** The same for people. */
  told(value, digits = 3) {
    const number = kerasdiff.number(value);
    if (number === null) return "–";
    if (!Number.isFinite(number)) return "not finite";
    const size = Math.abs(number);
    const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? number.toExponential(1) : String(Number(number.toPrecision(digits)));
    return text.replaceAll("-", "−");
  },

  /** A distance as a part of scale, in the words of the sentences of the page. */
  share(value) {
    const part = Math.abs(kerasdiff.number(value));
    if (!Number.isFinite(part)) return kerasdiff.told(value);
    if (part >= 10) return `${kerasdiff.told(part)} times scale`;
    if (part < 1e-3) return `${kerasdiff.told(part)} of scale`;
    return `${part < 0.1 ? kerasdiff.told(100 * part, 2) : Math.round(100 * part)} % of scale`;
  },

  /** The colour of a custom property of the page's styles, as it is in the theme shown now. */
  colour(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  },

  /** The code of elk's worker, as an address from which a Worker starts. */
  async elkWorker() {
    const letters = atob(document.getElementById("elk-worker").textContent);
    const packed = new Uint8Array(letters.length);
    for (let at = 0; at < letters.length; at += 1) packed[at] = letters.charCodeAt(at);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const code = await new Response(stream).blob();
    return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  },
};

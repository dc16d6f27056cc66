"use strict";
// What all scripts of the page share. Names from models are text: set textContent, never innerHTML.
const kerasdiff = {
  /** The data of an element of type application/json, or null where the page has none. */
  data(id) {
    const element = document.getElementById(id);
    return element === null ? null : JSON.parse(element.textContent);
  },

  /** The colour of a custom property of the page's styles, as it is in the theme shown now. */
  colour(name, element = document.documentElement) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  },

  /** The code of elk's worker, as an address from which a Worker starts. */
  async elkWorker() {
    const packed = Uint8Array.from(atob(document.getElementById("elk-worker").textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const code = await new Response(stream).blob();
    return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  },
};

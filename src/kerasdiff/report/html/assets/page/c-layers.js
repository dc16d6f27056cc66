{
  // The table of layers: long runs of equal rows fold, a search and "changes only" leave rows out.
  const table = document.getElementById("layer-table");
  if (table !== null) {
    const search = document.getElementById("layer-search");
    const changes = document.getElementById("layer-changes");
    const found = document.getElementById("layer-found");
    const bodies = [...table.tBodies];
    const rows = bodies.flatMap((body) => [...body.rows]);
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

    const folds = bodies.filter((body) => body.dataset.fold !== undefined).map((body) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = body.dataset.fold;
      button.setAttribute("aria-expanded", "false");
      const cell = document.createElement("td");
      cell.colSpan = 8;
      cell.append(button);
      const row = document.createElement("tr");
      row.append(cell);
      const holder = document.createElement("tbody");
      holder.className = "fold";
      holder.append(row);
      body.before(holder);
      const fold = { body, holder, open: false };
      button.addEventListener("click", () => {
        fold.open = !fold.open;
        button.setAttribute("aria-expanded", String(fold.open));
        show();
      });
      return fold;
    });

    const show = () => {
      const wanted = search.value.trim().toLowerCase();
      const narrowed = wanted !== "" || changes.checked;
      let shown = 0;
      for (const row of rows) {
        row.hidden = (changes.checked && !("changed" in row.dataset)) || !texts.get(row).includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      for (const { body, holder, open } of folds) {
        holder.hidden = narrowed;
        body.hidden = !narrowed && !open;
      }
      found.textContent = narrowed ? `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows` : "";
    };
    search.addEventListener("input", show);
    changes.addEventListener("change", show);
    document.getElementById("layer-tools").hidden = false;
    show();
  }
}

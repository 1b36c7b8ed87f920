// Adds to tables that are there without it: a filter by text and by category, and sorting.
const textOf = (cell) => cell.textContent.trim();

const compare = (one, other) => {
  const [first, second] = [one, other].map((text) => (/^\d+$/.test(text) ? Number(text) : text));
  if (typeof first === typeof second) {
    return first < second ? -1 : Number(first > second);
  }
  return typeof first === "number" ? -1 : 1;
};

const addSorting = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes[0].childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const descends = head.ariaSort === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.ariaSort = descends ? "descending" : "ascending";
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => {
        const order = compare(textOf(one.cells[column]), textOf(other.cells[column]));
        return descends ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  });
};

const labelled = (text, control) => {
  const label = document.createElement("label");
  label.append(`${text} `, control);
  return label;
};

const addFilter = (frame, table) => {
  const rows = [...table.tBodies[0].rows];
  const input = document.createElement("input");
  input.type = "search";
  const select = document.createElement("select");
  const categories = [...new Set(rows.map((row) => textOf(row.cells[1])))].sort();
  select.append(new Option("all", ""), ...categories.map((name) => new Option(name, name)));
  const releases = document.createElement("select");
  const names = [...table.tHead.rows[0].cells].slice(2).map(textOf);
  releases.append(new Option("any release", ""), ...names.map((name, at) => new Option(name, String(at + 2))));
  const count = document.createElement("output");
  const show = () => {
    const wanted = input.value.trim().toUpperCase().replaceAll(" ", "_");
    let shown = 0;
    for (const row of rows) {
      const fits =
        textOf(row.cells[0]).includes(wanted) &&
        (!select.value || textOf(row.cells[1]) === select.value) &&
        (!releases.value || /\d/.test(textOf(row.cells[releases.value])));
      row.hidden = !fits;
      shown += fits;
    }
    count.value = `${shown} of ${rows.length}`;
  };
  for (const control of [input, select, releases]) control.addEventListener("input", show);
  const bar = document.createElement("div");
  bar.className = "bytedoc-filter";
  bar.append(labelled("Name", input), labelled("Category", select), labelled("In", releases), count);
  frame.before(bar);
  show();
};

for (const frame of document.querySelectorAll(".bytedoc-data-table")) {
  const table = frame.querySelector("table");
  frame.tabIndex = 0;
  addFilter(frame, table);
  addSorting(table);
}

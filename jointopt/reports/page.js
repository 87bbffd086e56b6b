"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const settings = { responsive: true, displayModeBar: false };
  const PAPER_PX = 672; // 7 inches: what A4 and Letter have between their margins

  // The page's own ink and lines, as they are in the light or the dark right now.
  const ink = (layout) => {
    const look = getComputedStyle(document.documentElement);
    const colour = (name) => look.getPropertyValue(name).trim();
    const change = { "font.color": colour("--ink"), "hoverlabel.bgcolor": colour("--paper"), "hoverlabel.font.color": colour("--ink") };
    Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key)).forEach((key) => { change[key + ".gridcolor"] = colour("--line"); });
    return change;
  };
  const waiting = Object.entries(figures).map(([key, figure]) => [document.getElementById("figure-" + key), figure]);
  const drawn = [];
  const draw = ([place, figure]) => {
    Plotly.newPlot(place, figure.data, figure.layout, settings);
    Plotly.relayout(place, ink(figure.layout));
    drawn.push([place, figure]);
  };
  // One figure at a time, so that the words can be read and scrolled meanwhile.
  const next = () => {
    if (waiting.length) { draw(waiting.shift()); setTimeout(next); return; }
    document.documentElement.dataset.drawn = "all";
    performance.mark("figures drawn");
  };
  const dress = (more) => drawn.forEach(([place, figure]) => Plotly.relayout(place, { ...ink(figure.layout), ...more }));

  requestAnimationFrame(() => setTimeout(next));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dress({}));
  addEventListener("beforeprint", () => {
    while (waiting.length) draw(waiting.shift());
    document.documentElement.dataset.paper = "white";
    dress({ width: PAPER_PX, autosize: false });
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.paper;
    dress({ width: null, autosize: true });
  });
})();

// The browser of samples: hides, opens and finds; it writes nothing but a number.
(() => {
  const controls = document.getElementById("controls");
  if (!controls) return;
  const [verdicts, find, found] = ["verdicts", "find", "found"].map((id) => document.getElementById(id));
  const exhibits = [...document.querySelectorAll("details.exhibit")];
  const words = exhibits.map((exhibit) => exhibit.textContent.toLowerCase());
  const seen = () => exhibits.filter((exhibit) => !exhibit.hidden);
  const choose = () => {
    const wanted = find.value.trim().toLowerCase();
    exhibits.forEach((exhibit, place) => {
      exhibit.hidden = Boolean(verdicts.value && exhibit.dataset.verdict !== verdicts.value) || !words[place].includes(wanted);
    });
    found.textContent = seen().length + " of " + exhibits.length;
  };
  const step = (by) => {
    const all = seen();
    if (!all.length) return;
    const here = all.findIndex((exhibit) => exhibit.open);
    const there = here < 0 ? (by > 0 ? 0 : all.length - 1) : (here + by + all.length) % all.length;
    all.forEach((exhibit, place) => { exhibit.open = place === there; });
    all[there].scrollIntoView({ block: "nearest" });
    all[there].querySelector("summary").focus();
  };
  verdicts.addEventListener("change", choose);
  find.addEventListener("input", choose);
  document.getElementById("previous").addEventListener("click", () => step(-1));
  document.getElementById("next").addEventListener("click", () => step(1));
  controls.hidden = false;
  choose();
})();

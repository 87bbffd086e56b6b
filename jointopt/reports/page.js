"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const settings = { responsive: true, displayModeBar: false };

  // The page's own ink and lines, as they are in the light or the dark right now.
  const ink = (layout) => {
    const look = getComputedStyle(document.documentElement);
    const colour = (name) => look.getPropertyValue(name).trim();
    const change = { "font.color": colour("--ink"), "hoverlabel.bgcolor": colour("--paper"), "hoverlabel.font.color": colour("--ink") };
    Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key)).forEach((key) => { change[key + ".gridcolor"] = colour("--line"); });
    return change;
  };
  const each = (act) => Object.entries(figures).forEach(([key, figure]) => act(document.getElementById("figure-" + key), figure));
  const dress = () => each((place, figure) => Plotly.relayout(place, ink(figure.layout)));

  each((place, figure) => Plotly.newPlot(place, figure.data, figure.layout, settings));
  dress();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.paper = "white";
    dress();
  });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.paper; dress(); });
})();

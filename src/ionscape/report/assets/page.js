"use strict";
// Draws each figure when it comes near the window, so that a page with sixty figures opens at once.
(() => {
  const config = {
    responsive: true,
    displaylogo: false,
    plotlyServerURL: "", // nothing may be sent anywhere
    modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
  };
  const AHEAD = 800; // px below the window within which figures are drawn
  const NARROW = 560; // px: below this the legend goes under the axes

  function fitted(layout, width) {
    if (width >= NARROW) return layout;
    const legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", y: -0.25, yanchor: "top" };
    return { ...layout, legend, margin: { ...layout.margin, l: 58, r: 10 } };
  }

  function draw(box) {
    if (box.dataset.drawn) return Promise.resolve();
    box.dataset.drawn = "yes";
    const spec = JSON.parse(document.getElementById(box.dataset.spec).textContent);
    return Plotly.newPlot(box, spec.data, fitted(spec.layout || {}, box.clientWidth), config).catch(() => {
      box.textContent = "This figure could not be drawn.";
    });
  }

  const boxes = [...document.querySelectorAll(".plot")];
  const drawAll = () => Promise.all(boxes.map(draw));
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watcher.unobserve(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: `${AHEAD}px 0px` },
  );
  for (const box of boxes) {
    // what is in sight is drawn at once; an observer waits for a frame, which a page in the background never gets
    if (box.getBoundingClientRect().top < window.innerHeight + AHEAD) draw(box);
    else watcher.observe(box);
  }
  window.addEventListener("beforeprint", drawAll);

  document.addEventListener("click", async (event) => {
    const format = event.target.dataset && event.target.dataset.save;
    if (!format) return;
    const box = event.target.closest("figure").querySelector(".plot");
    await draw(box);
    Plotly.downloadImage(box, {
      format,
      filename: box.dataset.name,
      width: box.clientWidth,
      height: box.clientHeight,
      scale: format === "png" ? 3 : 1,
    });
  });
})();

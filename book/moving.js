// Plays the picture that moving.py drew: once, and not at all for who wants no motion.
(() => {
  const figure = document.currentScript.closest("figure");
  const told = JSON.parse(figure.querySelector("[type='application/json']").textContent);
  const LEARNT = 0.77;  // hot, and the student has learnt: what stands still
  const [button, place] = figure.querySelectorAll(".moving-controls > *");
  const scenes = [...figure.querySelectorAll(".moving-scenes > li")];
  const now = figure.querySelector(".moving-now");
  const bars = (who) => figure.querySelectorAll(`.moving-${who}`);
  const teacher = bars("teacher"), student = bars("student");
  const STARTS = [0, 0.16, 0.38, 0.78], SECONDS = 20;

  const soften = (logits, T) => {
    const e = logits.map((z) => Math.exp((z - Math.max(...logits)) / T));
    const sum = e.reduce((a, b) => a + b);
    return e.map((x) => x / sum);
  };
  const between = (t, from, to) => Math.min(1, Math.max(0, (t - from) / (to - from)));
  const draw = (rects, p) => rects.forEach((rect, i) => {
    rect.setAttribute("height", told.high * p[i]);
    rect.setAttribute("y", told.foot - told.high * p[i]);
  });

  const show = (t) => {
    const scene = STARTS.filter((start) => start <= t).length - 1;
    const heat = between(t, 0.18, 0.34) - between(t, 0.8, 0.92);
    const T = told.hot ** heat;
    const at = between(t, 0.42, 0.75) * (told.stops.length - 1);
    const i = Math.min(Math.floor(at), told.stops.length - 2);
    const mix = (a, b) => a + (at - i) * (b - a);
    const z = told.student[i].map((a, k) => mix(a, told.student[i + 1][k]));
    draw(teacher, soften(told.teacher, T));
    draw(student, soften(z, T));
    student.forEach((rect) => rect.setAttribute("opacity", scene < 2 ? 0 : 1));
    scenes.forEach((line, k) => line.classList.toggle("moving-hidden", k !== scene));
    const steps = Math.round(mix(told.stops[i], told.stops[i + 1]));
    now.textContent = `temperature ${T.toFixed(1)}`
      + (scene > 1 ? `, step ${steps}` : "");
    place.value = 1000 * t;
    place.setAttribute("aria-valuetext", scenes[scene].textContent);
  };

  let playing = false, last = 0;
  const set = (on) => {
    playing = on;
    button.textContent = on ? "Pause" : place.value >= 1000 ? "Play again" : "Play";
    if (on) { last = performance.now(); requestAnimationFrame(tick); }
  };
  const tick = (time) => {
    if (!playing) return;
    const t = Math.min(1, place.value / 1000 + Math.max(0, time - last) / 1000 / SECONDS);
    // The slider rounds, so what is too little for it is kept for the next frame.
    if (Math.round(1000 * t) > place.value || t === 1) { last = time; show(t); }
    if (t === 1) set(false); else requestAnimationFrame(tick);
  };
  button.addEventListener("click", () => {
    if (!playing && place.value >= 1000) show(0);
    set(!playing);
  });
  place.addEventListener("input", () => { set(false); show(place.value / 1000); set(false); });

  addEventListener("beforeprint", () => { set(false); show(LEARNT); set(false); });

  figure.classList.add("moving-ready");
  figure.querySelector(".moving-controls").hidden = false;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    show(LEARNT);
    set(false);
  } else {
    show(0);
    set(true);
  }
})();

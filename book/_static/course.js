"use strict";
/* For keys and screen readers: what the theme and the quizzes leave out. */

/* What is wider than its place scrolls, so Tab must reach it: then arrows scroll it. */
function reachWhatScrolls() {
  const wide =
    ".pst-scrollable-table-container, mjx-container[display], .course-chart";
  for (const e of document.querySelectorAll(wide)) {
    if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
    else e.removeAttribute("tabindex");
  }
}

/* A question is the name of its options, and what it says to a choice is read aloud. */
function nameQuestions() {
  for (const quiz of document.querySelectorAll(".Quiz")) {
    const options = quiz.querySelector(".Answer");
    options.setAttribute("role", "group");
    options.setAttribute("aria-labelledby", quiz.querySelector("[id^=quizQn]").id);
    quiz.querySelector(".Feedback").setAttribute("role", "status");
  }
}

addEventListener("DOMContentLoaded", nameQuestions);
addEventListener("load", () => {
  reachWhatScrolls();
  new ResizeObserver(reachWhatScrolls).observe(document.getElementById("main-content"));
});

/* Formulas are drawn a few at a time, from the top, and in between the page answers. */
async function drawFormulas() {
  const left = [...document.querySelectorAll(".math, .output_area, .Quiz")];
  while (left.length) {
    await MathJax.typesetPromise(left.splice(0, 8));
    await new Promise((resume) => setTimeout(resume));
  }
}

/* The quizzes ask for their formulas half a second after they are drawn. They are drawn
   with the others; without this, the quizzes would fetch another MathJax from the web. */
let mathjax = window.MathJax;
if (mathjax && !mathjax.version) mathjax.startup = { pageReady: drawFormulas };
Object.defineProperty(window, "MathJax", {
  configurable: true,
  get: () => mathjax,
  set(value) {
    mathjax = value;
    if (value && value.version) value.typeset ??= () => {};
    else if (value) value.startup = { pageReady: drawFormulas };
  },
});

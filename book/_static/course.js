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

/* The quizzes ask for their formulas half a second after they are drawn. MathJax finds
   them by itself when it is there; without this, they would fetch another from the web. */
let mathjax = window.MathJax;
Object.defineProperty(window, "MathJax", {
  configurable: true,
  get: () => mathjax,
  set(value) {
    mathjax = value;
    if (value && value.version) value.typeset ??= () => {};
  },
});

"use strict";
/* For keys and screen readers: what the theme and the quizzes leave out. */

/* What is wider than its place scrolls, so Tab must reach it: then arrows scroll it. */
function reachWhatScrolls() {
  const wide = ".pst-scrollable-table-container, .bd-content div.math, .course-chart";
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

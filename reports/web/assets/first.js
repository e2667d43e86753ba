// Runs before the page is drawn: style sheets show or hide by this class what takes scripts.
document.documentElement.classList.add("scripted");

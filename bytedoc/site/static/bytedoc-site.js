// Links to the same page in another release keep the place on the page.
const keepPlace = () => {
  for (const link of document.querySelectorAll("a[data-bytedoc-same-page]")) {
    link.hash = location.hash;
  }
};
addEventListener("hashchange", keepPlace);
keepPlace();

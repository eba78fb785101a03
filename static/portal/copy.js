// Copy the text of the element that a button names.
document.addEventListener("click", (event) => {
  const label = event.target.closest("[data-portal-copy]");
  const button = label || event.target.querySelector?.("[data-portal-copy]");
  if (!button) return;
  event.preventDefault();
  const source = document.getElementById(button.dataset.portalCopy);
  navigator.clipboard.writeText(source.textContent.trim()).then(
    () => { button.textContent = "Copied"; },
    () => { window.getSelection().selectAllChildren(source); },
  );
});

// Lets a person drop files anywhere on a form that takes files. Without a script the field itself takes them.
for (const form of document.querySelectorAll("form[data-drop]")) {
  const field = form.querySelector("input[type=file]");
  const holds = (event) => Boolean(field) && [...event.dataTransfer.types].includes("Files");
  const mark = (on) => form.classList.toggle("dropping", on);
  form.addEventListener("dragover", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    mark(true);
  });
  form.addEventListener("dragleave", (event) => mark(form.contains(event.relatedTarget)));
  form.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    mark(false);
    field.files = event.dataTransfer.files;
    field.focus();
  });
}

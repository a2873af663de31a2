// Ways in which files come: chosen, pasted, dropped, the example.

const $ = (id) => document.getElementById(id);

// `add(files)` takes them; `tell(key)` says what went wrong.
export function takeFiles(add, tell) {
  $("files").addEventListener("change", (event) => {
    add(event.target.files);
    event.target.value = ""; // so that the same file can be chosen again
  });

  $("example").addEventListener("click", async (event) => {
    try {
      const picture = await (await fetch(event.target.dataset.src)).blob();
      add([new File([picture], "example.png", { type: picture.type })]);
    } catch {
      tell("errors.network");
    }
  });

  document.addEventListener("paste", (event) => {
    if (event.target.closest("input, textarea")) return;
    const files = Array.from(event.clipboardData.files);
    if (files.length) add(files);
    else tell("pasteText");
  });

  let entered = 0; // each child that is dragged over tells of entering and leaving
  const carriesFiles = (event) => event.dataTransfer.types.includes("Files");
  const lift = () => document.body.classList.toggle("dropping", entered > 0);
  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    entered++;
    lift();
  });
  document.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    entered--;
    lift();
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    entered = 0;
    lift();
    add(event.dataTransfer.files);
  });
}

// The SHA-256 of a file that somebody chooses, worked out in the browser: the file itself is sent nowhere.
const MOST = 256 * 1024 * 1024;

for (const chooser of document.querySelectorAll("input[data-fingerprint]")) {
  if (!globalThis.crypto?.subtle) continue;
  for (const shown of [chooser, ...chooser.labels]) shown.hidden = false;
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (!file || file.size > MOST) return;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    document.querySelector(chooser.dataset.fingerprint).value = Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join("");
  });
}

// Small, and optional: a link or GET form marked data-swap="#region" fetches the same whole page and replaces that region alone.
const said = document.getElementById("said");
const under = new Map();
const SECONDS = 15;

function plain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;
}

async function swap(selector, address, { push = true, quiet = false } = {}) {
  const region = document.querySelector(selector);
  if (!region) return location.assign(address);
  under.get(selector)?.abort();
  const stop = new AbortController();
  under.set(selector, stop);
  const clock = setTimeout(() => stop.abort("too long"), SECONDS * 1000);
  const focused = document.activeElement?.id;
  if (!quiet) region.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { signal: stop.signal, credentials: "same-origin", headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(selector);
    // Signed out meanwhile, or a page of another kind: go there as a browser goes, never a login page in a panel.
    if (answer.redirected) return location.assign(address);
    if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
    if (!fresh) return location.assign(address);
    region.replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    if (push) history.pushState({ selector }, "", answer.url);
    // Who looks at how far something is goes on with what they do: told once, when it is there.
    if (!quiet || !("again" in fresh.dataset)) settle(selector, focused, quiet);
    lookAgain();
  } catch (error) {
    if (error?.name === "AbortError" && stop.signal.reason !== "too long") return;
    region.removeAttribute("aria-busy");
    said.textContent = document.documentElement.lang === "es" ? "No se pudo cargar. No se cambió nada." : "It could not be loaded. Nothing was changed.";
  } finally {
    clearTimeout(clock);
    if (under.get(selector) === stop) under.delete(selector);
  }
}

function settle(selector, focused, quiet) {
  const region = document.querySelector(selector);
  const heading = region.querySelector("[data-said]");
  if (heading) said.textContent = heading.textContent.trim();
  const wrong = region.querySelector("[role=alert]");
  const kept = focused ? document.getElementById(focused) : null;
  if (!quiet || focused) (wrong ?? kept ?? heading)?.focus();
}

// A region marked data-again="2" says how far something is: it is looked at again every two seconds, until a page without the mark comes;
// at the address that it has in data-onward, if it has one, where each look goes on from the one before.
function lookAgain() {
  const region = document.querySelector("[data-again]");
  if (!region) return;
  setTimeout(() => {
    if (!region.isConnected) return;
    if (region.dataset.onward) history.replaceState(history.state, "", region.dataset.onward);
    swap(`#${region.id}`, location.href, { push: false, quiet: true });
  }, region.dataset.again * 1000);
}
lookAgain();

function here(address) {
  return new URL(address, location.href).origin === location.origin;
}

document.addEventListener("click", event => {
  const link = event.target.closest?.("a[data-swap]");
  if (!link || !plain(event) || !here(link.href)) return;
  event.preventDefault();
  swap(link.dataset.swap, link.href);
});

document.addEventListener("submit", event => {
  const form = event.target;
  if (!form.dataset.swap || form.method !== "get" || !here(form.action)) return;
  event.preventDefault();
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value !== "") address.searchParams.append(name, value);
  swap(form.dataset.swap, address.href);
});

// Back fetches again: pages that may hold names are never kept by the browser.
addEventListener("popstate", event => {
  const selector = event.state?.selector ?? document.querySelector("[data-swap]")?.dataset.swap;
  if (selector) swap(selector, location.href, { push: false });
});

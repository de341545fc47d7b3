// Puts what is behind the # of a one-time link into the form, takes it out of the address bar, and sends the form.
const value = location.hash.slice(1);
if (/^[A-Za-z0-9_-]{43}$/.test(value)) {
  history.replaceState(null, '', location.pathname);
  document.querySelector('#link').value = value;
  document.querySelector('form').requestSubmit();
}

// Puts what is behind the # of a one-time link into the form and takes it out of the address bar. It sends nothing: a person does.
const value = location.hash.slice(1);
if (/^[A-Za-z0-9_-]{43}$/.test(value)) {
  history.replaceState(null, '', location.pathname);
  document.querySelector('#link').value = value;
  document.querySelector('#pasted').hidden = true;
}

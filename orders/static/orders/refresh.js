// Loads a page with running work again after some seconds. Without this script the page has a link that does it.
(() => {
  const part = document.querySelector('[data-refresh]')
  setTimeout(() => location.reload(), 1000 * part.dataset.refresh)
})()

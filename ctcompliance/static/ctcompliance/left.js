// After leaving quickly, Back in this tab shows no page of this site: not the sign-in page to which a page
// leads once the session ended, and not a public page. In the head, so that nothing is drawn before.
(() => {
  const KEY = 'left'
  const [entry] = performance.getEntriesByType('navigation')
  if (entry?.type === 'navigate') {
    sessionStorage.removeItem(KEY)
  } else if (sessionStorage.getItem(KEY)) {
    document.documentElement.hidden = true
    location.replace(document.currentScript.dataset.closed)
  }
})()

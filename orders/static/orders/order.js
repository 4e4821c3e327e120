// The order page works without this file. It adds the Print button and opens the folded part that an address names.
(() => {
  for (const button of document.querySelectorAll('[data-print]')) {
    button.hidden = false
    button.addEventListener('click', () => window.print())
  }
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1))
    for (let part = target; part; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true
    if (target) target.scrollIntoView()
  }
  addEventListener('hashchange', open)
  open()
  // A menu closes when something else is pressed, or with Escape.
  for (const menu of document.querySelectorAll('details.menu')) {
    document.addEventListener('click', (event) => { if (!menu.contains(event.target)) menu.open = false })
    menu.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') { menu.open = false; menu.querySelector('summary').focus() }
    })
  }
})()

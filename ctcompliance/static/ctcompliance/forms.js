// Marks the forms in which something was typed, for session.js, and keeps their one-time keys when somebody goes back.
// A browser then restores what was typed but not a hidden input. With the key of before, the server recognizes a form
// that was already saved. Keys are random; nothing of what was typed is kept.
(() => {
  const keys = [...document.querySelectorAll('input[name=form_key]')]
  const before = history.state?.formKeys ?? []
  if (before.length === keys.length) {
    keys.forEach((key, place) => { key.value = before[place] })
  } else {
    history.replaceState({ ...history.state, formKeys: keys.map((key) => key.value) }, '')
  }
  // What a telephone kept for later does not outlast the person's session.
  document.querySelector('form[action$="/sign-out/"]')?.addEventListener('submit', () => {
    indexedDB.deleteDatabase('ctcompliance.kept')
  })
  for (const { form } of keys) form.addEventListener('input', () => { form.dataset.typed = 'yes' })
  // Django's fields that search while you type refer to an empty text instead of their label.
  addEventListener('load', () => {
    for (const select of document.querySelectorAll('select.admin-autocomplete')) {
      const label = select.getAttribute('aria-label') || select.labels[0]?.textContent.trim().replace(/:$/, '')
      const shown = select.nextElementSibling?.querySelector('.select2-selection')
      if (!label || !shown) continue
      shown.removeAttribute('aria-labelledby')
      for (const one of [shown, shown.querySelector('.select2-selection__rendered')]) one?.setAttribute('aria-label', label)
    }
  })
  // On a telephone the pages are one line. What it cuts off opens with a button; the current page is in view.
  const pages = document.getElementById('site-pages')
  const menu = document.querySelector('[aria-controls=site-pages]')
  if (pages && menu) {
    const fit = () => { menu.hidden = menu.getAttribute('aria-expanded') !== 'true' && pages.scrollWidth <= pages.parentElement.clientWidth }
    menu.addEventListener('click', () => {
      const isOpen = menu.getAttribute('aria-expanded') !== 'true'
      menu.setAttribute('aria-expanded', isOpen)
      pages.classList.toggle('all', isOpen)
    })
    fit()
    addEventListener('resize', fit)
    const here = pages.querySelector('[aria-current]')
    if (here && here.offsetLeft + here.offsetWidth > pages.clientWidth) pages.scrollLeft = here.offsetLeft - 16
  }
  // A rejected form in a folded part of a long page.
  document.querySelector('details[open] :is([role=alert], .errorlist)')?.closest('details').scrollIntoView()
})()

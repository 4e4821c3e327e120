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
  // A rejected form in a folded part of a long page.
  document.querySelector('details[open] :is([role=alert], .errorlist)')?.closest('details').scrollIntoView()
})()

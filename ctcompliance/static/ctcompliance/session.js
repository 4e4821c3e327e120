// Warns before a session ends, in time to go on (WCAG 2.2.1), and takes the page away once it has ended.
// Without this script nothing breaks: the next page asks to sign in.
(() => {
  const dialog = document.getElementById('session-end')
  const idle = 1000 * dialog.dataset.idle
  const warn = 1000 * dialog.dataset.warn
  const limit = Date.now() + 1000 * dialog.dataset.left
  const KEY = 'ctcompliance.active'
  const form = dialog.querySelector('form')

  // Pages in other tabs keep the same session alive.
  const active = () => Number(localStorage.getItem(KEY)) || 0
  const touch = () => localStorage.setItem(KEY, Date.now())
  const end = () => Math.min(active() + idle, limit)

  // Sends what was typed without saving it. The server holds it until the same person has signed in again.
  function hold (form) {
    const mark = document.createElement('input')
    mark.type = 'hidden'
    mark.name = 'form_hold'
    mark.value = '1'
    form.append(mark)
    HTMLFormElement.prototype.submit.call(form)
  }

  function look () {
    const left = end() - Date.now()
    if (left <= 0) {
      const typed = document.querySelector('form[data-typed]')
      // Asks the server, which knows: it shows the sign-in page.
      if (!typed) location.replace(location.pathname + location.search)
      else if (!typed.elements.form_hold) hold(typed)
    } else if (left <= warn) {
      const isLimit = limit <= active() + idle
      form.hidden = isLimit
      dialog.querySelector('[data-left-words]').hidden = !isLimit
      dialog.querySelector('[data-idle-words]').hidden = isLimit
      if (!dialog.open) dialog.showModal()
    } else if (dialog.open) {
      dialog.close()
    }
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'manual' })
    if (answer.status === 204) touch()
    look()
  })

  touch()
  setInterval(look, 1000)
  document.addEventListener('visibilitychange', look)
})()

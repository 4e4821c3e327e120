// Leaves at once: blanks the page, signs out in the background, and puts another site in place of this page.
// Without this script the button sends its form, which does the same in two steps.
(() => {
  const form = document.querySelector('.leaving .leave')
  const status = form.querySelector('.presses')
  // Presses of Shift count together if each follows the one before within this time.
  const PAUSE = 5000
  let presses = 0
  let isAlone = false
  let timer

  // Marks this tab for left.js.
  const KEY = 'left'

  function leave () {
    document.documentElement.hidden = true
    sessionStorage.setItem(KEY, '1')
    localStorage.removeItem('ctcompliance.active')
    document.title = ' '
    navigator.sendBeacon(form.action)
    location.replace(form.dataset.exit)
  }

  function show (count) {
    presses = count
    status.textContent = [ '', form.dataset.twice, form.dataset.once ][count] ?? ''
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    leave()
  })

  document.addEventListener('keydown', (event) => { isAlone = event.key === 'Shift' })
  document.addEventListener('keyup', (event) => {
    clearTimeout(timer)
    // Shift with a letter is typing.
    if (event.key !== 'Shift' || !isAlone) return show(0)
    if (presses === 2) return leave()
    show(presses + 1)
    timer = setTimeout(() => show(0), PAUSE)
  })

  // A browser may keep the page in memory for Back: it is kept blank, and asked for again.
  window.addEventListener('pagehide', () => { document.documentElement.hidden = true })
  window.addEventListener('pageshow', (event) => {
    if (sessionStorage.getItem(KEY)) location.replace(form.action)
    else if (event.persisted) location.reload()
    else document.documentElement.hidden = false
  })
})()

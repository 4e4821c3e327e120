// The receipt at the door: one more item without a new page, and what will be open after it.
(() => {
  const form = document.getElementById('take')
  const more = form.querySelector('button[name=more]')

  function addRow () {
    const rows = form.querySelectorAll('fieldset.added')
    const row = rows[rows.length - 1].cloneNode(true)
    const place = rows.length
    for (const part of row.querySelectorAll('.question, .errorlist')) part.remove()
    for (const part of row.querySelectorAll('*')) {
      for (const name of ['id', 'for', 'name', 'aria-describedby']) {
        if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replace(/item\d+/, `item${place}`))
      }
      if ('value' in part && part.tagName !== 'OPTION' && part.tagName !== 'SELECT') part.value = ''
      part.classList?.remove('invalid')
    }
    row.querySelector('legend').textContent = `Item ${place + 1}`
    rows[rows.length - 1].after(row)
    form.elements.items.value = place + 1
    return row
  }
  form.addEventListener('more', addRow)
  more.addEventListener('click', (event) => {
    event.preventDefault()
    addRow().querySelector('select').focus()
  })

  // One press ticks everything that is listed; a second one takes it back.
  const all = form.querySelector('[data-all]')
  const boxes = [...form.querySelectorAll('.pick > input[name=firearms]')]
  all.hidden = boxes.length < 2
  all.addEventListener('click', () => {
    const isOn = boxes.some((box) => !box.checked)
    for (const box of boxes) box.checked = isOn
    form.dispatchEvent(new Event('input'))
  })

  // What will be accounted for: the server decides, this only shows it in time.
  const after = form.querySelector('[data-after]')
  function count () {
    const added = [...form.querySelectorAll('fieldset.added')].filter((row) =>
      !['ammunition', 'magazines'].includes(row.querySelector('select').value) &&
      [...row.querySelectorAll('input[type=text]')].some((field) => field.value.trim())).length
    const ticked = form.querySelectorAll('li:not([data-lot]) > .pick > input[name=firearms]:checked').length
    if (!ticked && !added) { after.hidden = true; return }
    const whole = Math.max(Number(form.dataset.whole), Number(form.dataset.listed) + added)
    const now = Math.min(Number(form.dataset.accounted) + ticked + added, whole)
    after.textContent = `After this: ${now} of ${whole}.`
    after.hidden = false
  }
  form.addEventListener('input', count)
  form.addEventListener('filled', count)
})()

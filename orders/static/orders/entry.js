// Offers known respondents below the name while it is typed. Without this file the form asks when it is sent.
(() => {
  const list = document.getElementById('known')
  const form = list.closest('form')
  const name = form.elements.respondent_name
  name.closest('.form-row').append(list)

  const forget = () => form.querySelector('input[type=hidden][name=person]')?.remove()

  const choose = (one) => {
    const known = { respondent_name: 'name', respondent_dob: 'born', respondent_town: 'town', respondent_address: 'address' }
    for (const [field, fact] of Object.entries(known)) if (one[fact]) form.elements[field].value = one[fact]
    forget()
    const person = document.createElement('input')
    Object.assign(person, { type: 'hidden', name: 'person', value: one.person })
    form.append(person)
    list.replaceChildren()
    form.elements.respondent_town.focus()
  }

  name.addEventListener('input', forget)
  name.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') { event.preventDefault(); list.querySelector('button')?.focus() }
    if (event.key === 'Escape') list.replaceChildren()
  })
  list.addEventListener('click', (event) => {
    const button = event.target.closest('button')
    if (button) choose(button.dataset)
  })
  list.addEventListener('keydown', (event) => {
    const buttons = [...list.querySelectorAll('button')]
    const place = buttons.indexOf(document.activeElement)
    if (event.key === 'ArrowDown') { event.preventDefault(); buttons[place + 1]?.focus() }
    if (event.key === 'ArrowUp') { event.preventDefault(); (buttons[place - 1] ?? name).focus() }
    if (event.key === 'Escape') { list.replaceChildren(); name.focus() }
  })
  // Cells that were copied from a spreadsheet fill the fields to the right, and the lines below.
  const columns = ['make', 'model', 'caliber', 'firearm_type', 'serial']
  form.addEventListener('paste', (event) => {
    const [, line, column] = /^gun_(\d+)_(\w+)$/.exec(event.target.name ?? '') ?? []
    const rows = event.clipboardData.getData('text').replace(/\r?\n$/, '').split(/\r?\n/).map((row) => row.split('\t'))
    const fieldAt = (down, right) => form.elements[`gun_${Number(line) + down}_${columns[columns.indexOf(column) + right]}`]
    const cells = rows.flatMap((row, down) => row.map((words, right) => [fieldAt(down, right), words.trim()]))
    // What does not fit is not cut off in silence: the browser pastes it all into this field.
    if (!line || cells.length < 2 || cells.some(([field, words]) => words && !field)) return
    event.preventDefault()
    for (const [field, words] of cells) if (words) field.value = words
    form.dispatchEvent(new Event('input'))
  })
  // An answer that is not this list (the sign-in page) is not shown in it.
  document.addEventListener('htmx:beforeSwap', (event) => {
    if (!event.detail.xhr.getResponseHeader('X-Panel')) event.detail.shouldSwap = false
  })
})()

// The receipt at the door: one more item without a new page, what will be open after it, and signatures by finger.
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

  // A field to sign in: the path of the pen, in the units of the server, is what is sent.
  for (const pad of form.querySelectorAll('.pad')) {
    const canvas = pad.querySelector('canvas')
    const path = form.elements[pad.dataset.path]
    const pen = canvas.getContext('2d')
    pad.hidden = false
    pen.lineWidth = 4
    pen.strokeStyle = getComputedStyle(canvas).color
    pen.lineCap = pen.lineJoin = 'round'
    let isDown = false
    const place = (event) => {
      const edge = canvas.getBoundingClientRect()
      const fit = (value, most) => Math.max(0, Math.min(most - 1, Math.round(value)))
      return [fit((event.clientX - edge.left) * 600 / edge.width, 600), fit((event.clientY - edge.top) * 200 / edge.height, 200)]
    }
    function draw () {
      pen.clearRect(0, 0, 600, 200)
      if (path.value) pen.stroke(new Path2D(path.value))
    }
    canvas.addEventListener('pointerdown', (event) => {
      event.preventDefault()
      canvas.setPointerCapture(event.pointerId)
      isDown = true
      const [x, y] = place(event)
      path.value += `M${x} ${y}L${x} ${y}`
      form.elements[pad.dataset.method].value = 'screen'
    })
    canvas.addEventListener('pointermove', (event) => {
      if (!isDown || path.value.length > 19000) return
      const [x, y] = place(event)
      if (!path.value.endsWith(`L${x} ${y}`)) path.value += `L${x} ${y}`
      draw()
    })
    canvas.addEventListener('pointerup', () => { isDown = false; draw(); form.dispatchEvent(new CustomEvent('drawn')) })
    pad.querySelector('button').addEventListener('click', () => { path.value = ''; draw(); form.dispatchEvent(new CustomEvent('drawn')) })
    form.addEventListener('filled', draw)
    draw()
  }
})()

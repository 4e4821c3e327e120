// Signatures by finger, in every form that has a field to sign in.
for (const form of document.querySelectorAll('main form:has(.pad)')) {
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
      form.querySelector(`input[name=${pad.dataset.method}][value=screen]`).checked = true
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
}

// Forms of acts work without this file. It adds the buttons Now and Today, hides fields that do not matter for what
// was chosen, and opens forms beside the order. Nothing is kept in the browser's storage.
(() => {
  const wide = matchMedia('(min-width: 64rem)')
  const panel = document.getElementById('act-panel')

  const clock = (zone) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat('en-US', {
      timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: 'numeric', minute: '2-digit', hour12: true
    }).formatToParts(new Date()).map((one) => [one.type, one.value]))
    return {
      day: `${parts.year}-${parts.month}-${parts.day}`,
      time: `${parts.hour}:${parts.minute} ${parts.dayPeriod.toLowerCase() === 'am' ? 'a.m.' : 'p.m.'}`
    }
  }

  const button = (words, label, press) => {
    const made = document.createElement('button')
    made.type = 'button'
    made.className = 'button now-button'
    made.textContent = words
    made.setAttribute('aria-label', label)
    made.addEventListener('click', press)
    return made
  }

  const set = (field, value) => {
    field.value = value
    field.dispatchEvent(new Event('change', { bubbles: true }))
  }

  const addButtons = (form) => {
    for (const day of form.querySelectorAll('input[type=date]')) {
      const name = day.name.replace(/_0$/, '')
      const time = day.name.endsWith('_0') ? form.elements[`${name}_1`] : null
      const label = (day.getAttribute('aria-label') || day.labels[0]?.textContent || '').replace(/: date$/, '')
      if (/birth/i.test(label) || /last day|new day|^day/i.test(label)) continue
      const now = () => clock(form.dataset.zone)
      const buttons = document.createElement('span')
      buttons.className = 'now-buttons'
      if (time) buttons.append(button('Now', `${label}: now`, () => { set(time, now().time); set(day, now().day) }))
      buttons.append(button('Today', `${label}: today`, () => set(day, now().day)))
      const last = time ?? day
      last.after(buttons)
    }
  }

  const showWhatMatters = (form) => {
    const rules = Object.entries(JSON.parse(form.dataset.showsWith || '{}'))
    const update = () => {
      for (const [name, [other, values]] of rules) {
        const row = form.querySelector(`.form-row.field-${name}`)
        const chosen = form.elements[other]?.value ?? ''
        const matters = values.includes(chosen) || row?.querySelector('.errorlist')
        if (row) row.hidden = !matters
      }
    }
    form.addEventListener('change', update)
    update()
  }

  // The preview comes from the server's dry run. The last one stays, paler, until the next one is there.
  const previewing = (form) => {
    const shown = form.querySelector('.act-preview')
    let waiting = 0
    let running = null
    const stop = () => { clearTimeout(waiting); running?.abort(); running = null }
    const load = async () => {
      stop()
      running = new AbortController()
      const body = new FormData(form)
      body.append('preview', '1')
      // Nothing is saved, so nothing waits for this answer.
      body.delete('form_key')
      shown.classList.add('loading')
      try {
        const headers = { 'HX-Request': 'true' }
        const answer = await fetch(form.action, { method: 'POST', body, headers, signal: running.signal })
        if (answer.ok && answer.headers.get('X-Panel')) shown.innerHTML = await answer.text()
      } catch { /* The page was left, or the network is gone: the form itself still works. */ }
      shown.classList.remove('loading')
    }
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(load, 500) }
    form.addEventListener('input', soon)
    form.addEventListener('change', soon)
    form.addEventListener('submit', stop)
    addEventListener('pagehide', stop)
  }

  // What is typed beside the order: session.js has it held when the session ends, and closing asks first.
  const typed = () => panel?.querySelector('form[data-typed]:not([data-sent])')

  const prepare = (form) => {
    if (!form || form.dataset.prepared) return
    form.dataset.prepared = 'yes'
    for (const name of ['input', 'change']) form.addEventListener(name, () => { form.dataset.typed = 'yes' })
    form.addEventListener('submit', () => { form.dataset.sent = 'yes' })
    addButtons(form)
    showWhatMatters(form)
    previewing(form)
    form.querySelector('.preview-button')?.setAttribute('hidden', '')
    form.querySelector('[role=alert], [data-first]')?.focus()
  }

  for (const form of document.querySelectorAll('form.act-form')) prepare(form)

  const question = document.getElementById('panel-typed')
  let next = null

  const close = () => {
    panel.replaceChildren()
    panel.hidden = true
    document.body.classList.remove('has-panel')
    document.querySelector('[data-opened-panel]')?.focus()
  }

  // Closes at once if nothing was typed. Otherwise a question comes first, and then `then`.
  const closeAnd = (then = null) => {
    if (!panel || panel.hidden || question.open) return
    if (typed()) { next = then; question.returnValue = ''; question.showModal() } else { close(); then?.() }
  }
  question?.addEventListener('close', () => {
    if (question.returnValue !== 'close') return
    close()
    next?.()
  })

  document.addEventListener('click', (event) => {
    if (panel && !panel.hidden && event.target.closest('[data-close-panel]')) { event.preventDefault(); closeAnd() }
  })
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || question?.open) return
    // Otherwise the same key would close the question.
    if (typed()) event.preventDefault()
    closeAnd()
  })
  addEventListener('beforeunload', (event) => {
    const form = typed()
    if (form && !form.elements.form_hold) event.preventDefault()
  })

  document.addEventListener('htmx:beforeRequest', (event) => {
    const link = event.detail.elt
    if (event.detail.target !== panel) return
    if (panel.contains(link)) return
    if (!wide.matches) { event.preventDefault(); location.assign(link.getAttribute('href')); return }
    if (typed()) { event.preventDefault(); closeAnd(() => link.click()); return }
    for (const one of document.querySelectorAll('[data-opened-panel]')) delete one.dataset.openedPanel
    link.dataset.openedPanel = 'yes'
  })
  // The server is too busy, or failed: what was typed stays, and can be sent again.
  const isFailure = (event) => event.detail.xhr.status >= 500 || event.detail.xhr.status === 429
  // What is no part of the panel, such as the sign-in page, opens as a page.
  document.addEventListener('htmx:beforeSwap', (event) => {
    if (event.detail.xhr.getResponseHeader('X-Panel')) return
    event.detail.shouldSwap = false
    if (event.detail.target === panel && !isFailure(event)) location.assign(event.detail.requestConfig.path)
  })
  document.addEventListener('htmx:afterSwap', (event) => {
    if (event.detail.target !== panel) return
    panel.hidden = false
    document.body.classList.add('has-panel')
    for (const menu of document.querySelectorAll('details.menu')) menu.open = false
    const form = panel.querySelector('form.act-form')
    // Shown again with what is to be corrected: it holds what was typed.
    if (form && event.detail.requestConfig.verb === 'post') form.dataset.typed = 'yes'
    prepare(form)
  })
  const failed = (event) => {
    const form = event.detail.target === panel && panel.querySelector('form.act-form')
    if (!form) return
    delete form.dataset.sent
    panel.querySelector('.panel-failed').hidden = false
  }
  for (const name of ['htmx:sendError', 'htmx:timeout']) document.addEventListener(name, failed)
  document.addEventListener('htmx:responseError', (event) => { if (isFailure(event)) failed(event) })
})()

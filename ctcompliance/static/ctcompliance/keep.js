// Keeps a form through a lost connection. What is typed or photographed is stored on the device, encrypted with a key
// that the server gives to this person's session and that is in memory only. It is sent once: the form's one-time key
// goes with it, so that the server stores the same form once. What was sent, or is older than twelve hours, is wiped;
// forms.js wipes the rest at sign-out. Without this script the form is sent as every other.
(() => {
  const form = document.querySelector('form[data-keep]')
  if (!form || !window.crypto?.subtle || !window.indexedDB) return
  const NAME = 'ctcompliance.kept'
  const HOURS = 12 * 3600 * 1000
  const WORDS = {
    live: ['Connected.', 'What you type is kept on this phone until it is sent.', 'info'],
    saved: ['No connection. Saved on this phone.', 'Go on. It is sent once, as soon as there is a signal.', 'warning'],
    waiting: ['No connection. Saved on this phone.', 'It will be sent once, when the signal is back. Leave this page open. It is wiped at sign-out', 'warning'],
    sending: ['Sending.', 'Keep this page open.', 'info'],
    sent: ['Sent.', 'It is wiped from this phone.', 'success'],
    before: ['Sent already, nothing doubled.', 'It is wiped from this phone.', 'success'],
    again: ['Kept on this phone.', 'What you typed and photographed is still here. Correct what is marked, then send it.', 'info'],
    back: ['Found on this phone.', 'This was not sent yet. Check it, then send it.', 'warning'],
    refused: ['Not sent.', 'The server did not take it. It is still saved on this phone.', 'error']
  }
  const line = document.createElement('div')
  line.setAttribute('role', 'status')
  line.id = 'connection'
  form.before(line)
  const at = location.pathname
  let secret = null
  let token = ''
  let began = Date.now()
  let isQueued = false
  let isSending = false

  function show (state) {
    const [title, words, level] = WORDS[state]
    const until = state === 'waiting' ? ` or at ${new Date(began + HOURS).toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' })}.` : ''
    line.className = `notice ${level}`
    line.dataset.state = state
    const strong = document.createElement('strong')
    strong.textContent = title
    const text = document.createElement('p')
    text.append(strong, ` ${words}${until}`)
    line.replaceChildren(text)
  }

  // One open database for one step, so that it can be deleted at any time.
  function store (mode, act) {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(NAME, 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore('forms')
      opening.onerror = () => reject(opening.error)
      opening.onsuccess = () => {
        const database = opening.result
        database.onversionchange = () => database.close()
        const step = database.transaction('forms', mode)
        const request = act(step.objectStore('forms'))
        step.oncomplete = () => { database.close(); resolve(request?.result) }
        step.onabort = step.onerror = () => { database.close(); reject(step.error) }
      }
    })
  }
  const wipe = () => store('readwrite', (forms) => forms.delete(at))

  async function keyOf (asked) {
    const body = new FormData()
    body.set('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value)
    if (asked) body.set('token', asked)
    const answer = await fetch('/account/device-key/', { method: 'POST', body, redirect: 'error' })
    const given = await answer.json()
    if (!given.key) return null
    const key = await crypto.subtle.importKey('raw', bytesOf(given.key), 'AES-GCM', false, ['encrypt', 'decrypt'])
    return { token: given.token, key }
  }

  const textOf = (file) => new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))

  async function entries () {
    const found = []
    for (const [name, value] of new FormData(form)) {
      if (name === 'csrfmiddlewaretoken') continue
      if (typeof value === 'string') found.push([name, value])
      else if (value.size) found.push([name, { type: value.type, text: await textOf(value) }])
    }
    return found
  }

  async function keep () {
    if (!secret) return
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const plain = new TextEncoder().encode(JSON.stringify(await entries()))
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, secret, plain)
    await store('readwrite', (forms) => forms.put({ token, iv, data, began, isQueued }, at))
  }

  function fill (kept) {
    const last = (name) => kept.findLast(([one]) => one === name)?.[1]
    const rows = Number(last('items') ?? 1)
    while (form.elements.items && Number(form.elements.items.value) < rows) form.dispatchEvent(new CustomEvent('more'))
    const files = {}
    for (const field of form.elements) {
      if (!field.name || field.name === 'csrfmiddlewaretoken') continue
      const values = kept.filter(([one]) => one === field.name).map(([, value]) => value)
      if (field.type === 'checkbox' || field.type === 'radio') field.checked = values.includes(field.value)
      else if (field.type === 'file') files[field.name] = field
      else if (values.length) field.value = values.at(-1)
    }
    for (const [name, field] of Object.entries(files)) {
      const list = new DataTransfer()
      kept.filter(([one]) => one === name).forEach(([, file], place) => {
        list.items.add(new File([bytesOf(file.text)], `photo-${place + 1}`, { type: file.type }))
      })
      field.files = list.files
    }
    form.dispatchEvent(new CustomEvent('filled'))
    form.dataset.typed = 'yes'
  }

  async function send () {
    if (isSending) return
    isSending = true
    show('sending')
    let answer
    try {
      answer = await fetch(form.action, { method: 'POST', body: new FormData(form), headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(30000) })
    } catch {
      isSending = false
      show('waiting')
      return
    }
    isSending = false
    if (answer.redirected) {
      if (!new URL(answer.url).pathname.startsWith('/sign-in/')) await wipe()
      // The session has ended: the server holds the form and shows it after sign-in.
      location.assign(answer.url)
    } else if (answer.status === 503 || answer.status === 429) {
      show('waiting')
    } else if (!answer.ok) {
      isQueued = false
      await keep()
      show('refused')
    } else {
      const text = await answer.text()
      let page = ''
      try { page = JSON.parse(text).page } catch { /* A page with what is to be corrected. */ }
      isQueued = false
      if (page) {
        await wipe()
        secret = null
        show(answer.headers.get('X-Sent-Before') ? 'before' : 'sent')
        location.assign(page)
      } else {
        // The page with what is to be corrected has no photographs: it takes them from here.
        try { await keep() } catch { await wipe() }
        secret = null
        HTMLFormElement.prototype.submit.call(form)
      }
    }
  }

  let timer = 0
  function keepSoon () {
    clearTimeout(timer)
    timer = setTimeout(() => keep().then(() => { if (!navigator.onLine) show('saved') }, () => {}), 400)
  }
  form.addEventListener('input', keepSoon)
  form.addEventListener('drawn', keepSoon)
  form.addEventListener('submit', async (event) => {
    if (!secret || event.submitter?.name) return
    event.preventDefault()
    isQueued = true
    clearTimeout(timer)
    try { await keep() } catch { /* The device is full: it is sent from memory. */ }
    await send()
    // The button is at the end of a long form, the line about the connection at its start.
    if (['waiting', 'refused'].includes(line.dataset.state)) line.scrollIntoView({ block: 'center' })
  })
  window.addEventListener('offline', () => { show(isQueued ? 'waiting' : 'saved'); keepSoon() })
  window.addEventListener('online', () => { if (isQueued) send(); else show('live') })
  setInterval(() => { if (isQueued && navigator.onLine) send() }, 10000)

  async function start () {
    const kept = await store('readonly', (forms) => forms.get(at))
    const isFresh = kept && Date.now() - kept.began < HOURS
    if (kept && !isFresh) await wipe()
    const given = isFresh ? await keyOf(kept.token) : null
    if (given) {
      ({ token, key: secret } = given)
      const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: kept.iv }, secret, kept.data)
      began = kept.began
      isQueued = kept.isQueued
      fill(JSON.parse(new TextDecoder().decode(plain)))
      // Of a form that is shown again after its session ended, nothing is marked.
      show(document.querySelector('[role=alert] ul') ? 'again' : 'back')
      for (const words of document.querySelectorAll('[data-files]')) words.remove()
      // What the server asks the person to check waits for the person; the timer must not send it.
      if (isQueued && document.querySelector('[role=alert]')) {
        isQueued = false
        await keep()
      }
      if (isQueued) await send()
    } else {
      if (kept) await wipe()
      ;({ token, key: secret } = await keyOf(''))
      show('live')
    }
    setTimeout(() => { wipe(); secret = null }, began + HOURS - Date.now())
  }
  start().catch(() => { secret = null })
})()

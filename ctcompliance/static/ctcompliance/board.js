// The board: find and sort its rows here, where no name goes into an address, and fetch it again every minute. A page
// that is hidden, or in which a person is at work, is left alone. Without this script the board is whole and still.
(() => {
  const board = document.getElementById('board')
  const find = document.getElementById('board-find')
  const whose = document.getElementById('board-whose')
  const sort = document.getElementById('board-sort')
  const news = document.getElementById('board-news')
  const plain = (text) => text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase()
  document.querySelector('.board-tools').hidden = false
  // A supervisor looks at what everyone has.
  if (matchMedia('(max-width: 40rem)').matches && !('all' in board.dataset)) whose.value = 'mine'
  const rows = () => [...board.querySelectorAll('.case-row')]

  function narrow () {
    const words = plain(find.value).split(/\s+/).filter(Boolean)
    let shown = 0
    for (const row of rows()) {
      const isFound = words.every((word) => plain(row.dataset.words).includes(word))
      const isWanted = words.length > 0 || !whose.value || row.dataset.whose !== 'other'
      row.hidden = !(isFound && isWanted)
      shown += row.hidden ? 0 : 1
    }
    for (const section of board.querySelectorAll('section')) section.hidden = !section.querySelector('.case-row:not([hidden])')
    const all = rows().length
    const remedy = words.length ? ' Search above finds every case of your agency.' : ' Choose “All owners” to see them.'
    news.textContent = shown < all ? `${shown} of ${all} cases shown.${shown ? '' : remedy}` : ''
  }
  function order () {
    for (const list of board.querySelectorAll('.case-rows')) {
      const found = [...list.children]
      found.forEach((row, place) => { row.dataset.place ??= place })
      const by = sort.value
      found.sort((one, other) => by ? one.dataset[by].localeCompare(other.dataset[by]) : one.dataset.place - other.dataset.place)
      list.append(...found)
    }
  }
  find.addEventListener('input', narrow)
  whose.addEventListener('change', narrow)
  sort.addEventListener('change', order)
  // A phone never opens on an empty board while there are cases, such as for a prosecutor, who owns no case.
  if (rows().every((row) => row.dataset.whose === 'other')) whose.value = ''
  narrow()
  // A count covers every owner: what it leads to is shown.
  board.addEventListener('click', (event) => {
    const link = event.target.closest('.counts a')
    if (!link || !board.querySelector(`section:has(${link.hash})`)?.querySelector('.case-row[hidden]')) return
    find.value = whose.value = ''
    narrow()
  })

  const isBusy = () => document.hidden || board.contains(document.activeElement) || document.querySelector('dialog[open]')
  async function look () {
    if (isBusy()) return
    const state = board.firstElementChild.dataset.board
    let answer
    try {
      answer = await fetch(`${board.dataset.address}?known=${state}`, { redirect: 'error' })
    } catch {
      news.textContent = 'No signal. The board may be old.'
      return
    }
    if (!answer.ok) return
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-board]')
    if (!found || isBusy()) return
    const before = new Set(rows().map((row) => row.querySelector('.who a').href))
    board.replaceChildren(found)
    order()
    narrow()
    const fresh = rows().filter((row) => !before.has(row.querySelector('.who a').href)).length
    if (fresh) news.textContent = `${fresh} new case${fresh > 1 ? 's' : ''} on the board.`
  }
  setInterval(look, Number(board.dataset.every ?? 60) * 1000)
  board.addEventListener('look', look)
})()

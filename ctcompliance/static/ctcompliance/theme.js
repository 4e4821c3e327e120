// Light or dark, as the person chose on this machine; without a choice, as the machine has it.
(() => {
  const page = document.documentElement
  const next = { auto: 'dark', dark: 'light', light: 'auto' }
  const chosen = localStorage.getItem('theme')
  page.dataset.theme = chosen in next ? chosen : 'auto'
  document.addEventListener('DOMContentLoaded', () => {
    for (const button of document.querySelectorAll('.theme-toggle')) {
      button.addEventListener('click', () => {
        page.dataset.theme = next[page.dataset.theme]
        localStorage.setItem('theme', page.dataset.theme)
      })
    }
  })
})()

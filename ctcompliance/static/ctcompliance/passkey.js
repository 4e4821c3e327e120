// Shows what needs a passkey only where the browser can, and says so when the device gave none.
document.addEventListener('DOMContentLoaded', () => {
  const button = document.getElementById('passkey')
  if (button && window.PublicKeyCredential) button.hidden = false
})
document.addEventListener('allauth.error', (event) => {
  event.preventDefault()
  document.getElementById('passkey-failed').hidden = false
})

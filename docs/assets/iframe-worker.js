// A browser makes no worker for a page that is opened from a folder; a hidden frame does what the search needs of one.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    #frame = document.createElement("iframe")
    #loaded

    constructor(address) {
      super()
      this.#frame.hidden = true
      document.body.append(this.#frame)
      const inside = this.#frame.contentWindow
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
      this.#loaded = this.#load(address)
      inside.importScripts = (...addresses) => Promise.all(addresses.map((one) => this.#load(one)))
    }

    postMessage(data) {
      const inside = this.#frame.contentWindow
      // Not before its script listens.
      this.#loaded.then(() => inside.dispatchEvent(new inside.MessageEvent("message", { data })))
    }

    terminate() {
      this.#frame.remove()
    }

    #load(address) {
      const script = this.#frame.contentDocument.createElement("script")
      script.src = new URL(address, document.baseURI)
      this.#frame.contentDocument.body.append(script)
      return new Promise((loaded, failed) => {
        script.onload = loaded
        script.onerror = () => failed(new Error(`${script.src} cannot be loaded`))
      })
    }
  }
}

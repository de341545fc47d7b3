// A person's browser, as far as the node sees one: it keeps cookies, says where a request comes from, follows where it is led, and is led
// back to the application.
import { request } from 'node:http'

export class Browser {
  #cookies = new Map()
  #issuer
  confirmed = 0 // how often the person was asked to confirm that it is them

  constructor(issuer) {
    this.#issuer = issuer
  }

  // Come in by a one-time link, as the node's operator.
  async comeIn(link) {
    const answer = await this.#go('POST', '/sign-in/link', { link })
    if (answer.status !== 303) throw new Error(`not let in: ${answer.status}`)
  }

  // Sign in at the agency's provider.
  async signIn() {
    const page = await this.#visit('/sign-in/start?back=/signed-in')
    if (page.status !== 200) throw new Error(`not signed in: ${page.status} ${page.body.slice(-2000)}`)
  }

  // Be asked at `url` whether an application may act; press a button; give where that leads.
  async answer(url, button) {
    let page = await this.#visit(url)
    const confirm = page.body.match(/href="(\/sign-in\/start\?[^"]+)"/)
    if (confirm) {
      this.confirmed += 1
      page = await this.#visit(confirm[1].replaceAll('&amp;', '&'))
    }
    if (page.status !== 200) throw new Error(`not asked: ${page.status} ${page.body.slice(-2000)}`)
    const hidden = page.body.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)
    const form = Object.fromEntries([...hidden].map(([, name, value]) => [name, value]))
    const answered = await this.#go('POST', url.pathname, { ...form, answer: button })
    if (answered.status !== 303) throw new Error(`not led back: ${answered.status} ${answered.body.slice(-2000)}`)
    return new URL(answered.location)
  }

  async #visit(path) {
    let page = await this.#go('GET', path)
    for (let hops = 0; page.location && hops < 20; hops += 1) page = await this.#go('GET', page.location, undefined, page.url)
    return page
  }

  #go(method, path, form, from = this.#issuer) {
    const url = new URL(path, from)
    const headers = {
      accept: 'text/html',
      cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; '),
      'sec-fetch-site': form ? 'same-origin' : 'none',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      ...(form && { origin: this.#issuer, 'content-type': 'application/x-www-form-urlencoded' }),
    }
    return new Promise((resolve, reject) => {
      const asked = request(url, { method, headers }, (answer) => {
        for (const line of answer.headers['set-cookie'] ?? []) {
          const [name, value] = line.split(';', 1)[0].split(/=(.*)/)
          if (/; *(max-age=0|expires=thu, 01 jan 1970)/i.test(line)) this.#cookies.delete(name)
          else this.#cookies.set(name, value)
        }
        let body = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk) => (body += chunk))
        answer.on('end', () => resolve({ url, status: answer.statusCode, location: answer.headers.location, body }))
      })
      asked.on('error', reject)
      asked.end(form && new URLSearchParams(form).toString())
    })
  }
}

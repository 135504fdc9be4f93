//! What time it is. That is for the server to say, whose times events have: the clock of a device may
//! be wrong by hours. Every answer says when it was made, to the second.

const SECOND_MS = 1000

export class Clock {
  /** The server's clock is ahead of this device's by something between these. */
  private least = Number.NEGATIVE_INFINITY
  private most = Number.POSITIVE_INFINITY

  constructor(private readonly device: () => number = Date.now) {}

  now(): Date {
    return new Date(this.device() + this.ahead())
  }

  /** Asks, and takes the time from the answer. */
  async asking(ask: () => Promise<Response>): Promise<Response> {
    const sent = this.device()
    const response = await ask()
    const date = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(date)) this.told(date, sent, this.device())
    return response
  }

  private told(date: number, sent: number, received: number): void {
    const [least, most] = [date - received, date + SECOND_MS - sent]
    const fits = least <= this.most && most >= this.least
    // A clock was set: what was known is no longer so.
    this.least = fits ? Math.max(this.least, least) : least
    this.most = fits ? Math.min(this.most, most) : most
  }

  private ahead(): number {
    if (this.least <= 0 && this.most >= 0) return 0
    return Math.round((this.least + this.most) / 2)
  }
}

export const clock = new Clock()

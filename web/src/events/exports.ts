//! Exports that run: they go on while one moves between screens, and can be cancelled.

import { ApiError, failure, unreachable } from '../api/client'
import { type Selection, exportPath } from '../api/events'
import { t } from '../words/i18n'

export type ExportFormat = 'csv' | 'ndjson' | 'json'

export interface Job {
  id: number
  name: string
  total: number
  /** Events written so far; of JSON and CSV as counted on the way. */
  done: number
  bytes: number
  state: 'running' | 'done' | 'cancelled' | 'failed'
  error?: string
  cancel: () => void
}

let jobs: Job[] = []
let last = 0
const listeners = new Set<() => void>()

export function subscribeJobs(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const currentJobs = (): Job[] => jobs

export function dismissJob(id: number): void {
  jobs = jobs.filter((job) => job.id !== id)
  told()
}

function told(): void {
  for (const listener of listeners) listener()
}

function changed(id: number, part: Partial<Job>): void {
  jobs = jobs.map((job) => (job.id === id ? { ...job, ...part } : job))
  told()
}

interface Sink {
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

type SavePicker = (options: { suggestedName: string }) => Promise<{ createWritable(): Promise<Sink> }>

/** Straight to disk where the browser can; else in memory, then as a download. */
async function sinkFor(name: string, type: string): Promise<Sink> {
  const picker = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker
  if (picker) return (await picker.call(window, { suggestedName: name })).createWritable()
  const pieces: BlobPart[] = []
  return {
    write: async (piece) => void pieces.push(piece),
    close: async () => saveBlob(new Blob(pieces, { type }), name),
    abort: async () => void pieces.splice(0),
  }
}

export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

const TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson', json: 'application/json' }

/** Exports a selection. Nothing is kept of one that was cut or cancelled. */
export async function startExport(selection: Selection, format: ExportFormat, order: 'asc' | 'desc', total: number): Promise<void> {
  const name = `annals-${selection.tenant}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`
  let sink: Sink
  try {
    sink = await sinkFor(name, TYPES[format])
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return
    throw error
  }
  const abort = new AbortController()
  const id = (last += 1)
  jobs = [...jobs, { id, name, total, done: 0, bytes: 0, state: 'running', cancel: () => abort.abort() }]
  told()
  try {
    const count = await stream(exportPath(selection, format, order), format, sink, abort.signal, (done, bytes) => changed(id, { done, bytes }))
    await sink.close()
    changed(id, { state: 'done', done: count })
  } catch (error) {
    await sink.abort().catch(() => undefined)
    if (abort.signal.aborted) changed(id, { state: 'cancelled' })
    else changed(id, { state: 'failed', error: error instanceof ApiError ? error.message : t('The connection broke before the end. Nothing was kept; export again.') })
  }
}

async function stream(path: string, format: ExportFormat, sink: Sink, signal: AbortSignal, progress: (done: number, bytes: number) => void): Promise<number> {
  const response = await fetch(path, { signal, credentials: 'same-origin', headers: { Accept: TYPES[format] } }).catch((error: unknown) => {
    throw signal.aborted ? error : unreachable()
  })
  if (!response.ok || !response.body) throw failure(response, await response.json().catch(() => undefined))
  const counter = new RecordCounter(format)
  const reader = response.body.getReader()
  let bytes = 0
  let shown = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    counter.add(value)
    bytes += value.length
    await sink.write(value)
    if (performance.now() - shown > 100) {
      shown = performance.now()
      progress(counter.records, bytes)
    }
  }
  progress(counter.records, bytes)
  return counter.end()
}

/** Counts the records of an export as its bytes pass. */
export class RecordCounter {
  records = 0
  private quoted = false
  private depth = 0
  private escaped = false
  private tail = ''

  constructor(private readonly format: ExportFormat) {}

  add(bytes: Uint8Array): void {
    if (this.format === 'ndjson') this.tail = (this.tail + new TextDecoder().decode(bytes.subarray(-200))).slice(-200)
    for (const byte of bytes) this.step(byte)
  }

  private step(byte: number): void {
    if (this.format === 'ndjson') {
      if (byte === 10) this.records += 1
    } else if (this.format === 'csv') {
      if (byte === 34) this.quoted = !this.quoted
      else if (byte === 10 && !this.quoted) this.records += 1
    } else if (this.quoted) {
      if (this.escaped) this.escaped = false
      else if (byte === 92) this.escaped = true
      else if (byte === 34) this.quoted = false
    } else if (byte === 34) this.quoted = true
    else if (byte === 123 || byte === 91) this.depth += 1
    else if (byte === 125 || byte === 93) {
      this.depth -= 1
      if (byte === 125 && this.depth === 1) this.records += 1
    }
  }

  /** The number of events; throws where the export says it is not whole. */
  end(): number {
    if (this.format === 'csv') return Math.max(0, this.records - 1)
    if (this.format === 'json') {
      if (this.depth !== 0 || this.quoted) throw new Error('cut')
      return this.records
    }
    const end = /\{"end":\{"count":(\d+)\}\}\s*$/.exec(this.tail)
    if (!end || Number(end[1]) !== this.records - 1) throw new Error('cut')
    return Number(end[1])
  }
}

// Leaving the page would end an export; the browser asks first.
if (typeof window !== 'undefined') {
  window.addEventListener('beforeunload', (event) => {
    if (jobs.some((job) => job.state === 'running')) event.preventDefault()
  })
}

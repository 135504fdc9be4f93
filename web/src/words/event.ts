//! An event in words: who, what, to what, with which values.

import type { RecordedEvent, Schemas } from '../api/client'
import { t } from './i18n'
import { dateOnly, dateTime, locale, number } from './time'

type Actor = NonNullable<RecordedEvent['actor']>
export type Change = Schemas['ChangeShape']
export type Target = Schemas['TargetShape']

/** Who, as a table shows it: people by name, all others by what they are. */
export function actorName(actor: Actor | null | undefined): string {
  if (!actor) return t('Unknown')
  const name = actor.name || actor.email || actor.id || undefined
  switch (actor.type) {
    case 'system':
      return t('System')
    case 'api_key':
      return name ? t('API ({{name}})', { name }) : t('API')
    case 'service':
      return name ? t('Service ({{name}})', { name }) : t('Service')
    case 'ai_agent':
      return name ? t('AI agent ({{name}})', { name }) : t('AI agent')
    case 'anonymous':
      return name ? t('Unknown ({{name}})', { name }) : t('Unknown')
    default:
      return name ?? t('Unknown')
  }
}

const CATEGORY_WORDS: Record<string, string> = {
  security: 'Security',
  user_activity: 'User activity',
  record_change: 'Record change',
  system: 'System',
  api_request: 'API request',
  view: 'View',
}

export const CATEGORIES = Object.keys(CATEGORY_WORDS)

export function categoryWord(category: string): string {
  return CATEGORY_WORDS[category] ? t(CATEGORY_WORDS[category]) : category
}

const ACTIVITY_WORDS: Record<string, [name: string, past: string]> = {
  create: ['Create', 'Created'],
  read: ['View', 'Viewed'],
  update: ['Update', 'Updated'],
  delete: ['Delete', 'Deleted'],
  login: ['Log in', 'Logged in'],
  logout: ['Log out', 'Logged out'],
  export: ['Export', 'Exported'],
  import: ['Import', 'Imported'],
  search: ['Search', 'Searched'],
  share: ['Share', 'Shared'],
  grant: ['Grant', 'Granted'],
  revoke: ['Revoke', 'Revoked'],
  lock: ['Lock', 'Locked'],
  unlock: ['Unlock', 'Unlocked'],
  enable: ['Enable', 'Enabled'],
  disable: ['Disable', 'Disabled'],
  approve: ['Approve', 'Approved'],
  execute: ['Run', 'Ran'],
  configure: ['Change settings', 'Changed settings'],
  other: ['Other', 'Other'],
}

export const ACTIVITIES = Object.keys(ACTIVITY_WORDS)

export function activityWord(activity: string): string {
  const words = ACTIVITY_WORDS[activity]
  return words ? t(words[0]) : activity
}

/** "Updated", "Logged in". */
export function activityPast(activity: string | null | undefined): string {
  const words = activity ? ACTIVITY_WORDS[activity] : undefined
  return words ? t(words[1]) : (activity ?? t('not recorded'))
}

/** What was done; what failed or was denied was only tried. */
export function deedWord(event: RecordedEvent): string {
  const result = outcomeOf(event)?.result
  const tried = result === 'failure' || result === 'denied'
  if (event.activity === 'login' && tried) return t('Failed log-in')
  // A lock that was denied something is the lock itself.
  return tried && event.activity && event.activity !== 'lock' ? activityWord(event.activity) : activityPast(event.activity)
}

/** The name of a field's value where the screens have their own word for it. */
export function valueWord(field: string, value: string): string {
  if (field === 'category') return categoryWord(value)
  if (field === 'activity') return activityWord(value)
  if (field === 'outcome') return outcomeWord(value)
  if (field === 'severity') return severityWord(value)
  if (field === 'target.type') return typeWord(value)
  if (field === 'actor.type') return ({ user: t('User'), service: t('Service'), api_key: t('API key'), system: t('System'), ai_agent: t('AI agent'), anonymous: t('Unknown') })[value] ?? value
  return value
}

export function outcomeWord(result: string): string {
  return ({ success: t('Success'), failure: t('Failure'), denied: t('Denied'), warning: t('Warning'), unknown: t('Unknown') })[result] ?? result
}

export function severityWord(severity: string): string {
  return ({ info: t('Info'), low: t('Low'), medium: t('Medium'), high: t('High'), critical: t('Critical') })[severity] ?? severity
}

/** "financial_record" reads "Financial record". */
export function typeWord(type: string): string {
  const words = type.replaceAll(/[_-]+/g, ' ').trim().replace(/^(api|ip|url|id)\b/i, (short) => short.toUpperCase())
  return words ? words[0]!.toLocaleUpperCase(locale) + words.slice(1) : type
}

export interface Outcome {
  result: string
  code?: string | null
  reason?: string | null
}

export function outcomeOf(event: RecordedEvent): Outcome | undefined {
  if (!event.outcome) return undefined
  return typeof event.outcome === 'string' ? { result: event.outcome } : event.outcome
}

export function targetName(target: Target | undefined): string | undefined {
  return target?.name || target?.id || undefined
}

/** A value by its type: money, numbers, dates and yes or no as the reader's language writes them. */
export function valueText(value: unknown, type: string | null | undefined, zone: string): string {
  if (value === undefined) return t('not recorded')
  if (value === null) return t('none')
  if (typeof value === 'boolean') return value ? t('Yes') : t('No')
  if (type === 'money') return moneyText(value)
  if (typeof value === 'number') return number(value, 20)
  if (type === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return new Intl.NumberFormat(locale, { maximumFractionDigits: 20 }).format(value as never)
  if (type === 'date' && typeof value === 'string') return dateText(value, zone)
  if (typeof value === 'string') return value === '' ? t('empty') : value
  return JSON.stringify(value)
}

function moneyText(value: unknown): string {
  const parts = typeof value === 'object' && value !== null ? (value as { amount?: unknown; value?: unknown; currency?: unknown }) : { amount: value }
  const amount = parts.amount ?? parts.value
  if (typeof amount !== 'number' && !(typeof amount === 'string' && /^-?\d+(\.\d+)?$/.test(amount))) return typeof value === 'string' ? value : JSON.stringify(value)
  const currency = typeof parts.currency === 'string' && /^[A-Z]{3}$/.test(parts.currency) ? parts.currency : undefined
  const options: Intl.NumberFormatOptions = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 20 }
  // Text keeps digits a number would lose.
  return new Intl.NumberFormat(locale, options).format(amount as never)
}

function dateText(value: string, zone: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(value)
  const at = new Date(day ? `${value}T00:00:00Z` : value)
  if (Number.isNaN(at.getTime())) return value
  return day ? dateOnly(at, 'UTC') : dateTime(at, zone)
}

export function unchanged(change: Change): boolean {
  return JSON.stringify(change.old) === JSON.stringify(change.new)
}

export function changeName(change: Change): string {
  return change.label || change.path || t('field')
}

/** The changes that changed something. */
export function realChanges(event: RecordedEvent): Change[] {
  return (event.changes ?? []).filter((change) => !unchanged(change))
}

/** One sentence that says what happened. */
export function sentence(event: RecordedEvent, zone: string): string {
  if (event.erasure && event.erasure.withheld === event.erasure.of) return t('This event was erased. That it stood here is still proven.')
  const who = actorName(event.actor)
  const target = event.targets?.[0]
  const what = targetName(target)
  const changes = realChanges(event)
  const first = changes[0]
  if (first && what) {
    const values = { who, field: changeName(first), what, old: valueText(first.old, first.type, zone), new: valueText(first.new, first.type, zone), more: changes.length - 1 }
    if (first.old === undefined || first.old === null) {
      return changes.length > 1 ? t('{{who}} set {{field}} of {{what}} to {{new}} and {{more}} more', values) : t('{{who}} set {{field}} of {{what}} to {{new}}', values)
    }
    return changes.length > 1 ? t('{{who}} changed {{field}} of {{what}} from {{old}} to {{new}} and {{more}} more', values) : t('{{who}} changed {{field}} of {{what}} from {{old}} to {{new}}', values)
  }
  if (event.message) return event.message
  const done = deedWord(event)
  if (what) return t('{{who}}: {{done}} {{type}} {{what}}', { who, done, type: target?.type ? typeWord(target.type) : '', what }).replaceAll('  ', ' ')
  return t('{{who}}: {{action}}', { who, action: event.action ?? done })
}

/** What the Details column says: the change, else the message. */
export function details(event: RecordedEvent, zone: string): string {
  if (event.erasure && event.erasure.withheld === event.erasure.of) return t('erased')
  const changes = realChanges(event)
  const first = changes[0]
  if (!first) return event.message ?? ''
  const text = `${changeName(first)}: ${valueText(first.old, first.type, zone)} → ${valueText(first.new, first.type, zone)}`
  return changes.length > 1 ? `${text} (+${changes.length - 1})` : text
}

/** "Chrome on Windows", read from the user agent where the server has not. */
export function deviceText(event: RecordedEvent): string | undefined {
  const device = event.enrichment?.device as Record<string, unknown> | null | undefined
  if (device) {
    const browser = typeof device.browser === 'string' ? device.browser : undefined
    const os = typeof device.os === 'string' ? device.os : undefined
    if (browser && os) return t('{{browser}} on {{os}}', { browser, os })
    return browser ?? os ?? (typeof device.kind === 'string' ? device.kind : undefined)
  }
  return undefined
}

export function placeText(event: RecordedEvent): string | undefined {
  const geo = event.enrichment?.geo as Record<string, unknown> | null | undefined
  const parts = [geo?.city, geo?.region, geo?.country].filter((part): part is string => typeof part === 'string' && part !== '')
  return parts.length ? parts.join(', ') : undefined
}

/** Whether an address is of a private network (RFC 1918, RFC 4193, loopback, link-local). */
export function isPrivateAddress(ip: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|127\.|169\.254\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i.test(ip)
}

/** Ids and hashes shorten in the middle. */
export function shortened(text: string, length = 18): string {
  if (text.length <= length) return text
  const half = Math.floor((length - 1) / 2)
  return `${text.slice(0, half)}…${text.slice(-half)}`
}

export function percentages(counts: number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (!total) return counts.map(() => 0)
  const exact = counts.map((count) => (count * 100) / total)
  const shares = exact.map(Math.floor)
  let left = 100 - shares.reduce((sum, share) => sum + share, 0)
  // Largest remainder: the shares sum to 100.
  const order = exact.map((share, at) => [share - Math.floor(share), at] as const).sort((one, other) => other[0] - one[0] || one[1] - other[1])
  for (const [, at] of order) {
    if (left <= 0) break
    shares[at]! += 1
    left -= 1
  }
  return shares
}

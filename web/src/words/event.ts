//! An event in words: who, what, to what, with which values.

import type { RecordedEvent, Schemas } from '../api/client'
import { t } from './i18n'
import { dateOnly, dateTime, locale, number, numberFormat } from './time'

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

/** "Order SO-1" needs no "Order" before it. */
export function namesType(target: Target): boolean {
  const name = target.name?.toLowerCase()
  return Boolean(target.type && name && [target.type, typeWord(target.type)].some((type) => name.startsWith(type.toLowerCase())))
}

/** A value by its type: money, numbers, dates and yes or no as the reader's language writes them. */
export function valueText(value: unknown, type: string | null | undefined, zone: string): string {
  if (value === undefined) return t('not recorded')
  if (value === null) return t('none')
  if (typeof value === 'boolean') return value ? t('Yes') : t('No')
  if (type === 'money') return moneyText(value)
  if (typeof value === 'number') return number(value, 20)
  if (type === 'number' && typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return numberFormat({ maximumFractionDigits: 20 }).format(value as never)
  if (type === 'date' && typeof value === 'string') return dateText(value, zone)
  if (typeof value === 'string') return value === '' ? t('empty') : /^\s+$/.test(value) ? t('{{count}} blank characters', { count: value.length }) : value
  return JSON.stringify(value)
}

function moneyText(value: unknown): string {
  const parts = typeof value === 'object' && value !== null ? (value as { amount?: unknown; value?: unknown; currency?: unknown }) : { amount: value }
  const amount = parts.amount ?? parts.value
  if (typeof amount !== 'number' && !(typeof amount === 'string' && /^-?\d+(\.\d+)?$/.test(amount))) return typeof value === 'string' ? value : JSON.stringify(value)
  const currency = typeof parts.currency === 'string' && /^[A-Z]{3}$/.test(parts.currency) ? parts.currency : undefined
  const options: Intl.NumberFormatOptions = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 20 }
  // Text keeps digits a number would lose.
  return numberFormat(options).format(amount as never)
}

/** A time with an offset is a moment, shown in the reader's zone. Without one it is what a clock showed, and stays as it is. */
function dateText(value: string, zone: string): string {
  const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(value)
  if (!iso) return value
  const [, day, clock, offset] = iso
  const at = new Date(`${day}T${clock ?? '00:00'}${offset ?? 'Z'}`)
  // A day that no calendar has is shown as it was written.
  if (Number.isNaN(at.getTime()) || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day) return value
  return clock ? dateTime(at, offset ? zone : 'UTC') : dateOnly(at, 'UTC')
}

/** Whether old and new are equal. Where neither was recorded something changed, and nobody knows to what. */
export function unchanged(change: Change): boolean {
  if (change.old === undefined && change.new === undefined) return false
  return JSON.stringify(change.old) === JSON.stringify(change.new)
}

export function changeName(change: Change): string {
  return change.label || change.path || t('field')
}

/** The changes that changed something. */
export function realChanges(event: RecordedEvent): Change[] {
  return (event.changes ?? []).filter((change) => !unchanged(change))
}

const LINE_CHARACTERS = 400
const VALUE_CHARACTERS = 100

/** What stands in a line of a list: a text of any length, cut where nobody reads on. */
export function folded(text: string, length = LINE_CHARACTERS): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`
}

/** One sentence that says what happened. Long values are cut: they stand in full below it. */
export function sentence(event: RecordedEvent, zone: string): string {
  return folded(told(event, zone))
}

function told(event: RecordedEvent, zone: string): string {
  const short = (text: string) => folded(text, VALUE_CHARACTERS)
  if (event.erasure && event.erasure.withheld === event.erasure.of) return t('This event was erased. That it stood here is still covered by the proof.')
  const who = actorName(event.actor)
  const target = event.targets?.[0]
  const what = targetName(target)
  const changes = realChanges(event)
  const first = changes[0]
  if (first && what) {
    const values = { who: short(who), field: short(changeName(first)), what: short(what), old: short(valueText(first.old, first.type, zone)), new: short(valueText(first.new, first.type, zone)), more: changes.length - 1 }
    if (first.old === undefined && first.new === undefined) {
      return changes.length > 1 ? t('{{who}} changed {{field}} of {{what}} and {{more}} more', values) : t('{{who}} changed {{field}} of {{what}}', values)
    }
    if (first.old === undefined || first.old === null) {
      return changes.length > 1 ? t('{{who}} set {{field}} of {{what}} to {{new}} and {{more}} more', values) : t('{{who}} set {{field}} of {{what}} to {{new}}', values)
    }
    return changes.length > 1 ? t('{{who}} changed {{field}} of {{what}} from {{old}} to {{new}} and {{more}} more', values) : t('{{who}} changed {{field}} of {{what}} from {{old}} to {{new}}', values)
  }
  if (event.message) return event.message
  const done = deedWord(event)
  if (what) return t('{{who}}: {{done}} {{type}} {{what}}', { who: short(who), done, type: target?.type && !namesType(target) ? short(typeWord(target.type)) : '', what: short(what) }).replaceAll('  ', ' ')
  return t('{{who}}: {{action}}', { who: short(who), action: done })
}

/** What the Details column says: the change, else the message. */
export function details(event: RecordedEvent, zone: string): string {
  if (event.erasure && event.erasure.withheld === event.erasure.of) return t('erased')
  const changes = realChanges(event)
  const first = changes[0]
  if (!first) return event.message ?? ''
  const text = first.old === undefined && first.new === undefined ? changeName(first) : `${changeName(first)}: ${valueText(first.old, first.type, zone)} → ${valueText(first.new, first.type, zone)}`
  return changes.length > 1 ? `${text} (+${changes.length - 1})` : text
}

/** What was added on arrival. Nothing of it is covered by the proof. */
interface Enrichment {
  geo?: { city?: string; region?: string; country?: string; network?: string; database?: string } | null
  device?: { browser?: string; os?: string; kind?: string } | null
  network?: string | null
  risk?: { level?: string; reasons?: string[] } | null
}

export function enrichmentOf(event: RecordedEvent): Enrichment {
  return (event.enrichment ?? {}) as Enrichment
}

const DEVICE_WORDS: Record<string, string> = { desktop: 'Desktop', phone: 'Phone', tablet: 'Tablet', program: 'Program' }

/** "Chrome 124 on Windows 10 · Desktop". */
export function deviceText(event: RecordedEvent): string | undefined {
  const { browser, os, kind } = enrichmentOf(event).device ?? {}
  const name = browser && os ? t('{{browser}} on {{os}}', { browser, os }) : (browser ?? os)
  const word = kind && (DEVICE_WORDS[kind] ? t(DEVICE_WORDS[kind]) : kind)
  return [name, word].filter(Boolean).join(' · ') || undefined
}

/** City, region and country by name. */
export function placeText(event: RecordedEvent): string | undefined {
  const geo = enrichmentOf(event).geo
  const parts = [geo?.city, geo?.region, geo?.country && countryName(geo.country)].filter(Boolean)
  // Berlin is a region as well.
  return [...new Set(parts)].join(', ') || undefined
}

function countryName(code: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: 'region' }).of(code) ?? code
  } catch {
    return code
  }
}

const RISK_WORDS: Record<string, string> = {
  security_event: 'An event of security',
  failed_sign_in: 'A sign-in failed',
  repeated_failed_sign_in: 'A sign-in failed for the third time in a row or more',
  attempt_limit_reached: 'A sign-in failed as often as the application allows',
  account_locked: 'An account was locked',
  denied: 'Somebody was refused what they asked for',
  permission_change: 'A permission or role was given or taken',
  credential_created: 'A key or another credential was made',
  protection_disabled: 'A protection was switched off',
  impersonation: 'Done in somebody else’s name',
  bulk_export: 'A thousand records or more were exported',
  mass_export: 'Ten thousand records or more were exported',
  bulk_deletion: 'A thousand records or more were deleted',
}

/** A rule of risk in words; one that is not known here by its name. */
export function riskReasonWord(reason: string): string {
  return RISK_WORDS[reason] ? t(RISK_WORDS[reason]) : reason
}

/** Ids and hashes shorten in the middle. */
export function shortened(text: string, length = 18): string {
  if (text.length <= length) return text
  const half = Math.floor((length - 1) / 2)
  return `${text.slice(0, half)}…${text.slice(-half)}`
}
